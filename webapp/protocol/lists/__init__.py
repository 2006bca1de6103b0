"""What stands on people's lists: what waits for a client, and which make-ups staff could offer."""
