"""What staff write for clients (summaries, homework, resources), and what clients hand in."""

from webapp.web.staff.writing import follow_ups, hand_ins, homework, resources, summaries

BLUEPRINTS = (summaries.pages, homework.pages, hand_ins.pages, resources.pages, follow_ups.pages)
