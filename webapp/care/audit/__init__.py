"""Audit events, their tags, and the hash chain that proves none was changed."""
