"""P5, S3: what arrives in a mailbox that two people share names neither of them and no treatment, and each has their own."""

import re
from datetime import timedelta

import pytest

from tests.visiting import Visit
from webapp.care.accounts import sign_in_links
from webapp.care.contact import addresses
from webapp.notify.announcing import announce
from webapp.notify.kinds import NoticeKind
from webapp.notify.outbox import put_link

BOTH = "torres@example.org"


@pytest.fixture
def one_mailbox(post, world):
    def shared(store, cast):
        for person in (cast.maya, cast.ben):
            for address in store.scalars(addresses.of(person.id)):
                address.stop(store, "removed", by=person, now=post.clock.now())
            person.email = BOTH
            addresses.add(store, person, "email", BOTH, by=person, now=post.clock.now())

    post.do(shared)
    post.do(lambda store, cast: announce.skip_past_events(store))


def words(post):
    return [
        f"{each.content.subject} {each.content.text} {each.content.html}"
        for each in post.email.sent
    ]


def named(letters, world):
    told = " ".join(letters).lower()
    whole = [world.maya.name, world.ben.name, world.harbor.name]
    parts = [part for name in whole for part in name.lower().split()]
    return [part for part in [*parts, "therap", "session", "group"] if part in told]


def test_both_are_reminded_in_words_that_name_neither(post, world, one_mailbox):
    seats = post.room(world.maya, world.ben, hours=1)
    for seat in seats:
        post.step(seat, "soon")
    post.run()
    letters = words(post)
    assert [each.address for each in post.email.sent] == [BOTH] * 2
    alike = {
        re.sub(r"/reply/[^\s\"<]+", "/reply/t", letter.replace(f"/seats/{seat.id}", "/seats/n"))
        for letter, seat in zip(letters, seats, strict=True)
    }
    assert len(alike) == 1, "whose it is says the page behind the sign-in"
    assert named(letters, world) == []


@pytest.mark.parametrize("purpose", ["invitation", "recovery"])
def test_each_gets_a_link_of_their_own_and_only_its_page_names_them(
    post, world, one_mailbox, app, purpose
):
    kind = NoticeKind.INVITATION if purpose == "invitation" else NoticeKind.SIGN_IN_LINK

    def send(store, cast):
        paths = {}
        for person in (cast.maya, cast.ben):
            secret = sign_in_links.issue(store, person, purpose, by=None, now=post.clock.now())
            path = paths[person.short_name] = f"/sign-in/link/{secret}"
            until = post.clock.now() + timedelta(hours=1)
            put_link(store, person, kind, path, now=post.clock.now(), not_after=until)
        return paths

    paths = post.do(send)
    post.deliver()
    letters = words(post)
    assert named(letters, world) == []
    for letter, (name, path) in zip(letters, paths.items(), strict=True):
        assert path in letter
        page = Visit(app).get(path).text
        assert [other for other in paths if other in page] == [name]
        assert world.harbor.name not in page
