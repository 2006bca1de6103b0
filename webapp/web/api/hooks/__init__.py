"""Doors for other systems' webhooks. Each checks its sender itself, keeps what came, and answers at once."""
