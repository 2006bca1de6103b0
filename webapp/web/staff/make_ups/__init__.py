"""Make-ups as staff see them: slots and who wants them, one client's ledger, and reflections that wait for an answer."""

from webapp.web.staff.make_ups import ledger, reflections, slots

BLUEPRINTS = (slots.make_ups, ledger.make_up_ledger, reflections.reflections)
