"""Notifications: events become rows (announcing), rows wait (outbox), channels carry them (delivery)."""
