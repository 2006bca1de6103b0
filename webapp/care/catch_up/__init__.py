"""What a client has to catch up on, what made up for missed sessions, weekly hours, and follow-ups signed off by staff."""
