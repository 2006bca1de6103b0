"""What an installation needs to run, apart from the practice: heartbeats, rate limits, idempotency keys, webhooks, retention,
and the rows that a chore has set aside."""
