"""Sharing: what a client lets somebody know, who looked, and what was told; and for who is trusted with it, its scope."""

from webapp.web.client.sharing import consents, looks

PLACES = (consents, looks)
