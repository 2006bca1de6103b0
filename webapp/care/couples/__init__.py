"""What partners and supporters are shown of a client, category by category (M8, M30)."""
