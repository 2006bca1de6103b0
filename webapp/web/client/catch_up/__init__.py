"""Catch up: one card a session the client was not in, and the pages that its lines lead to."""

from webapp.web.client.catch_up import cards, homework, resources, summaries

PLACES = (cards, summaries, homework, resources)
