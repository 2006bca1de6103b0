"""`PUT` and `DELETE /couples/{ref}`: forms, changes and ends a couple."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from webapp import clock
from webapp.care import leaving
from webapp.care.directory.people import Kind
from webapp.care.directory.teams import Couple
from webapp.refusals import N_, Unknown
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Path, Ref, RequestBody, ResponseBody
from webapp.web.page.unit_of_work import store


class CoupleRef(Path):
    ref: Ref


class CoupleIn(RequestBody):
    partners: list[Ref] = Field(min_length=2, max_length=2)
    therapist: Ref | None = None


class CoupleOut(ResponseBody):
    ref: str
    partners: list[str]
    therapist: str | None


class EndedOut(ResponseBody):
    ref: str
    ended_at: datetime


@call(
    "PUT", "/couples/<ref>", scope="roster", responses={200: CoupleOut, 201: CoupleOut}, tag="Roster",
    example={"partners": ["maya", "ben"], "therapist": "tessa"},
)  # fmt: skip
def put_couple(path: CoupleRef, body: CoupleIn):  # type: ignore[no-untyped-def]
    """Form a couple, or change the one of that reference. With another partner, the two who were a couple part as by `DELETE`.

    Refused when the therapist is either partner's individual counselor.
    """
    a, b = lookups.people(body.partners, Kind.CLIENT, Kind.SUPPORTER, field="partners")
    therapist = lookups.optional_person(body.therapist, Kind.STAFF, field="therapist")
    couple, new = leaving.put_couple(
        store, tokens.program(), path.ref, a, b, therapist=therapist, by=tokens.actor(), now=clock.now()
    )  # fmt: skip
    body_out = {
        "ref": couple.ref,
        "partners": [couple.a.ref, couple.b.ref],
        "therapist": couple.therapist and couple.therapist.ref,
    }
    return body_out, 201 if new else 200


@call("DELETE", "/couples/<ref>", scope="roster", responses={200: EndedOut}, tag="Roster")
def end_couple(path: CoupleRef):  # type: ignore[no-untyped-def]
    """End a couple. Repeating it returns the same.

    Joint make-ups still ahead are cancelled, and either partner may form another couple. Consents between them stay until their
    givers revoke them; seats in joint sessions stay until the roster changes them.
    """
    in_program = Couple.program_id == tokens.program_id()
    couple = store.scalar(select(Couple).where(in_program, Couple.ref == path.ref))
    if couple is None:
        raise Unknown(N_("There is no couple by that reference."))
    leaving.end_couple(store, couple, by=tokens.actor(), now=clock.now())
    return {"ref": couple.ref, "ended_at": couple.ended_at}
