"""What runs the installation and is not the practice: heartbeats, rate limits, idempotency keys, webhooks."""
