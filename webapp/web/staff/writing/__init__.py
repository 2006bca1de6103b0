"""What staff write for clients: summaries, homework, things to read and watch; and what comes back."""

from webapp.web.staff.writing import follow_ups, hand_ins, homework, resources, summaries

BLUEPRINTS = (summaries.pages, homework.pages, hand_ins.pages, resources.pages, follow_ups.pages)
