"""Catch up: one card for each session the client missed, and the pages that the card links to."""

from webapp.web.client.catch_up import cards, homework, resources, summaries

PLACES = (cards, summaries, homework, resources)
