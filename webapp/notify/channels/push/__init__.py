"""Web push: the channel, allowed hosts, encryption (RFC 8291) and VAPID (RFC 8292)."""
