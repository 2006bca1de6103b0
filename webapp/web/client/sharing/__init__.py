"""Sharing: a client's consents, who viewed their record, and what was disclosed to whom."""

from webapp.web.client.sharing import consents, looks

PLACES = (consents, looks)
