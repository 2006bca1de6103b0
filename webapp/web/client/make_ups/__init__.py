"""A client's pages about making up for a session: offers and bookings, the waitlist, hours of availability, weekly hours."""

from webapp.web.client.make_ups import availability, make_ups, waitlist, weekly_hours

PLACES = (make_ups, waitlist, availability, weekly_hours)
