"""Making up for a session: other times for it, waiting for a place, which hours suit, and the hours that came together."""

from webapp.web.client.making_up import hours, make_ups, waiting, windows

PLACES = (make_ups, waiting, windows, hours)
