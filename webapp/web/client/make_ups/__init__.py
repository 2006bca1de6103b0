"""Making up for a session: other times for it, waiting for a place, which hours suit, and the hours that came together."""

from webapp.web.client.make_ups import availability, make_ups, waitlist, weekly_hours

PLACES = (make_ups, waitlist, availability, weekly_hours)
