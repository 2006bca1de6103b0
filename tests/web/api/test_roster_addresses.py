"""What a roster says of addresses, by the API and by a file: the same rows, and what people said themselves stays (P9, rule 15)."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from webapp import clock as webapp_clock
from webapp.care.accounts import sign_in_links
from webapp.care.contact import addresses, stop_words
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person
from webapp.care.preferences import contact_preferences
from webapp.cli.rosters import entering, files
from webapp.notify import outbox
from webapp.notify.kinds import NoticeKind

NEW_YORK = "America/New_York"
SAM = {"kind": "client", "name": "Sam Reed", "time_zone": NEW_YORK}
OLD, NEW = "+12125550177", "+12125550188"


def by_file(store, program, ref: str, facts: dict[str, object]) -> None:
    """`rejoin import roster` of one row with these cells."""
    cells = {"type": "person", "ref": ref} | {
        name: " ".join(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    text = ",".join(cells) + "\n" + ",".join(str(cell) for cell in cells.values())
    rows, problems = files.read(text.encode())
    result = entering.enter(store, program, rows, by=None, now=webapp_clock.now())
    assert [*problems, *result.problems] == []
    store.commit()


@pytest.fixture(params=["api", "file"])
def roster(request, call, store, world) -> Callable[..., None]:
    """`roster("sam", facts)`: those facts arrive, by the API or in a file."""

    def arrive(ref: str, facts: dict[str, object]) -> None:
        if request.param == "api":
            assert call("PUT", f"/people/{ref}", facts).status_code in (200, 201)
        else:
            by_file(store, world.harbor, ref, facts)
        store.expire_all()

    return arrive


def person(store, ref: str = "sam") -> Person:
    return store.scalars(select(Person).where(Person.ref == ref).order_by(Person.id)).first()


def kept(store, who: Person) -> list[tuple[object, ...]]:
    """A person's address rows, without their ids."""
    rows = store.scalars(select(Address).where(Address.person_id == who.id).order_by(Address.id))
    return [
        (
            row.channel, row.value, row.label, row.usable, row.stopped_why, row.unsafe_at is not None,
            row.switched_off_at is not None, row.opted_in_at is not None,
        )
        for row in rows
    ]  # fmt: skip


def written_to(store, who: Person) -> set[str]:
    rows = store.scalars(select(Address).where(Address.person_id == who.id))
    return {row.value for row in rows if row.usable}


EPISODES = (
    SAM | {"email": "Sam@example.org", "phone": OLD},
    SAM | {"email": "sam@example.org", "phone": OLD, "opted_in": ["email", "sms"]},
    SAM | {"email": "sam@work.example", "phone": NEW, "opted_in": ["sms"]},
    SAM | {"email": "sam@example.org", "phone": OLD, "name": "Samuel Reed"},
    SAM | {"email": "sam@example.org", "phone": OLD, "status": "paused", "opted_in": []},
    {
        "kind": "staff",
        "name": "Sol",
        "time_zone": NEW_YORK,
        "email": "sol@example.org",
        "phone": NEW,
    },
)


def test_one_roster_by_the_api_and_by_a_file_leaves_the_same_rows(call, store, world) -> None:
    """Applied fact by fact, so that what changes on the way is the same too."""
    for number, facts in enumerate(EPISODES):
        ref = "sol" if facts["kind"] == "staff" else "sam"
        assert call("PUT", f"/people/{ref}", facts).status_code in (200, 201)
        by_file(store, world.sunrise, ref, facts)
        store.expire_all()
        both = store.scalars(select(Person).where(Person.ref == ref)).all()
        columns = (
            "kind",
            "name",
            "email",
            "phone",
            "time_zone",
            "language",
            "status",
            "preferences",
        )
        one, other = ([getattr(each, name) for name in columns] for each in both)
        assert one == other, number
        assert kept(store, both[0]) == kept(store, both[1]), number
    assert written_to(store, both[0]) == {"sol@example.org", NEW}


def test_a_new_number_takes_the_place_of_the_old_one_and_back(roster, store) -> None:
    """Rule 15: A, then B, then A again."""
    for phone in (OLD, NEW, OLD):
        roster("sam", SAM | {"phone": phone, "opted_in": ["sms"]})
        assert written_to(store, person(store)) == {phone}
    again = kept(store, person(store))
    roster("sam", SAM | {"phone": OLD, "opted_in": ["sms"]})
    assert kept(store, person(store)) == again


@pytest.mark.parametrize("how", ["stop", "switched off", "unsafe", "stop while replaced"])
def test_what_a_person_said_of_an_address_outlives_every_roster(
    roster, store, world, clock, how
) -> None:
    """Rule 15, P9: STOP, a no on the page and an unsafe mark are theirs, also by way of another number."""
    facts = SAM | {"phone": OLD, "opted_in": ["sms"]}
    roster("sam", facts)
    sam, now = person(store), clock.now()
    [row] = store.scalars(addresses.live(Channel.SMS, OLD))
    if how == "stop":
        stop_words.stop(store, OLD, now)
    elif how == "switched off":
        contact_preferences.allow(store, row, False, by=sam, now=now)
    elif how == "unsafe":
        addresses.mark(store, sam, OLD, unsafe=True, by=sam, now=now)
    store.commit()
    if how == "stop while replaced":
        roster("sam", facts | {"phone": NEW})
        stop_words.stop(store, OLD, now)
        store.commit()
    for phone in (OLD, NEW, OLD):
        roster("sam", facts | {"phone": phone})
        assert OLD not in written_to(store, person(store))


@pytest.mark.parametrize("before", ["new", "moved", "after the first has left it"])
def test_a_stopped_number_stays_stopped_whoever_has_it_next(roster, store, clock, before) -> None:
    """Rule 16: STOP is about the number; START from it alone undoes it, and for those alone who have it now."""
    sam = SAM | {"phone": OLD, "opted_in": ["sms"]}
    alex = SAM | {"name": "Alex Vale", "phone": OLD, "opted_in": ["sms"]}
    roster("sam", sam)
    if before == "moved":
        roster("alex", alex | {"phone": NEW})
    stop_words.stop(store, OLD, clock.now())
    store.commit()
    if before == "after the first has left it":
        roster("sam", sam | {"phone": "+12125550199"})
    for _ in range(2):
        roster("alex", alex)
        assert written_to(store, person(store, "alex")) == set()
    stop_words.start(store, OLD, clock.now())
    store.commit()
    roster("alex", alex)
    assert written_to(store, person(store, "alex")) == {OLD}
    left = before == "after the first has left it"
    assert written_to(store, person(store)) == ({"+12125550199"} if left else {OLD})


def test_a_channel_that_somebody_switched_off_stays_off_for_their_next_number(
    roster, store, clock
) -> None:
    """Rule 15, until they say yes again themselves."""
    facts = SAM | {"email": "sam@example.org", "opted_in": ["email", "sms"]}
    roster("sam", facts | {"phone": OLD})
    sam = person(store)
    [old] = store.scalars(addresses.live(Channel.SMS, OLD))
    contact_preferences.allow(store, old, False, by=sam, now=clock.forward(minutes=1))
    store.commit()
    for phone in (NEW, NEW, OLD, NEW):
        clock.forward(minutes=1)
        roster("sam", facts | {"phone": phone})
        assert written_to(store, person(store)) == {"sam@example.org"}
    [new] = store.scalars(addresses.live(Channel.SMS, NEW))
    contact_preferences.allow(store, new, True, by=sam, now=clock.forward(minutes=1))
    store.commit()
    roster("sam", facts | {"phone": "+12125550199"})
    assert written_to(store, person(store)) == {"sam@example.org", "+12125550199"}


def test_a_chosen_language_and_zone_outlive_every_roster(roster, store, clock) -> None:
    """Rule 15: also where the roster says something new, or nothing."""
    roster("sam", SAM | {"language": "es"})
    sam, now = person(store), clock.now()
    contact_preferences.set_language(store, sam, "en", by=sam, now=now)
    contact_preferences.set_zone(store, sam, "America/Denver", by=sam, now=now)
    store.commit()
    for said in (
        {"language": "es"},
        {"language": "en"},
        {"language": "es"},
        {"time_zone": "America/Chicago"},
        {},
    ):
        roster("sam", SAM | said)
        sam = person(store)
        assert (sam.language, sam.time_zone) == ("en", "America/Denver")


def test_a_link_that_went_to_a_replaced_address_signs_nobody_in(roster, store, visit) -> None:
    """S3: whoever reads that mailbox now may be anyone. What waits to be sent there is not sent."""
    roster("sam", SAM | {"email": "sam@example.org"})
    sam, now = person(store), webapp_clock.now()
    secret = sign_in_links.issue(store, sam, "invitation", by=None, now=now)
    sent = outbox.put_link(
        store, sam, NoticeKind.INVITATION, f"/sign-in/link/{secret}", now=now,
        not_after=now + sign_in_links.LASTS["invitation"],
    )  # fmt: skip
    store.commit()
    roster("sam", SAM | {"email": "sam@work.example"})
    assert visit().post(f"/sign-in/link/{secret}").status_code == 410
    assert store.get_one(Address, sent.address_id).stopped_why == "replaced"


def test_staff_call_back_on_numbers_in_use_only(roster, store, visit, world, clock) -> None:
    """P9, S3: a replaced number may be somebody else's by now; an unsafe one is not offered either."""
    facts = {"kind": "client", "name": "Maya Torres", "time_zone": NEW_YORK}
    roster("maya", facts | {"phone": OLD, "email": "maya@example.org"})
    roster("maya", facts | {"phone": NEW, "email": "maya@example.org"})
    clock.forward(days=1, minutes=1)
    form, carla = f"/staff/people/{world.maya.id}/sign-in-link", visit(world.carla)
    assert NEW in carla.get(form).text
    assert OLD not in carla.get(form).text
    assert carla.post(form, {"number": OLD, "way": "show"}).status_code == 422
    maya = person(store, "maya")
    addresses.mark(store, maya, NEW, unsafe=True, by=maya, now=clock.now())
    addresses.mark(store, maya, "maya@example.org", unsafe=True, by=maya, now=clock.now())
    store.commit()
    page = carla.get(form).text
    assert NEW not in page
    assert "No number on file can prove that it's them" in page


def test_no_link_goes_to_an_unsafe_mailbox(store, visit, world, clock) -> None:
    """P9: neither offered nor sent, and the link is not made."""
    addresses.mark(store, world.maya, world.maya.email, unsafe=True, by=world.maya, now=clock.now())
    store.commit()
    form, carla = f"/staff/people/{world.maya.id}/sign-in-link", visit(world.carla)
    assert "by e-mail" not in carla.get(form).text
    answer = carla.post(form, {"number": world.maya.phone, "way": "email"})
    assert answer.status_code == 422
    assert "marked unsafe" in answer.text
    assert store.scalars(select(sign_in_links.SignInLink)).all() == []
