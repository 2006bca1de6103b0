"""Turns events into notifications: who is told of what, under which consent."""
