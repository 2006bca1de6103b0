"""Receivers of other systems' webhooks. Each verifies its sender, stores the message and responds at once."""
