"""Staff pages about make-ups: slots and the demand for them, one client's ledger, and reflections to confirm."""

from webapp.web.staff.make_ups import ledger, reflections, slots

BLUEPRINTS = (slots.make_ups, ledger.make_up_ledger, reflections.reflections)
