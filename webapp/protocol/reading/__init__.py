"""Reading in bulk what the ladder's facts are made of: rooms, contact, history, owners. `facts.py` puts it together."""
