"""The ladder as pure functions: its rungs, what is due for a seat, late facts, patterns."""
