"""Signing in and out, and the limits on attempts."""
