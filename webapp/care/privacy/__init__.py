"""Consents, who looked at a record, emergency access, counseling notes, and a client's own copy."""
