"""Me: one module for each section; `overview` is the page that links to them."""

from webapp.web.client.me import (
    backup_plan,
    calendar,
    devices,
    labels,
    language,
    needs,
    overview,
    own_copy,
    reminders,
    sign_ins,
)

PLACES = (
    overview, reminders, devices, calendar, needs, backup_plan, language, sign_ins, own_copy,
)  # fmt: skip
FILTERS = {"device": labels.of, "city": language.city}
