"""Sends notifications: lease, check again, send, record the result, try the next channel."""
