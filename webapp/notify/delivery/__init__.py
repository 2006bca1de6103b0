"""Sending: lease a notification, check it again, send it, record what came of it, try the next channel."""
