"""What a client still has to catch up on, weekly hours, and follow-up signed off by staff."""
