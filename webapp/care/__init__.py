"""The practice in its own words: who, when, what was said, what is owed. Knows nothing of the web or of messages."""
