"""What became of places that are over: their standing, by the one definition (care/attendance/standing)."""

from collections.abc import Iterable
from dataclasses import replace

from webapp import clock
from webapp.batches import each_or_none
from webapp.care.attendance.standing import Standing, standing
from webapp.protocol.facts.facts import of_seats
from webapp.protocol.facts.picture import SeatRow
from webapp.web.client.my_seats import Place
from webapp.web.page.unit_of_work import store


def with_standing(found: Iterable[Place]) -> list[Place]:
    """The same places; those that are over carry their standing. A fixed number of statements for all of them."""
    found = list(found)
    over = [
        SeatRow(each.seat.id, each.seat.session_id, each.seat.client_id, each.seat.given_at)
        for each in found
        if each.state == "over"
    ]
    if not over:
        return found
    now = clock.now()

    def build(some: list[SeatRow]) -> list[Standing]:
        return [standing(picture.facts, now) for picture in of_seats(store, some, now)]

    words = each_or_none(build, over)
    known = {row.id: word or Standing.UNKNOWN for row, word in zip(over, words, strict=True)}
    return [replace(each, standing=known.get(each.seat.id)) for each in found]
