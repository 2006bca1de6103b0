"""A catch-up note written without a network leaves by itself, once, and reaches the one it is for (M8, R7)."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from tests.care.evenings import COUPLES, room, shares
from tests.journeys.conftest import Evening
from tests.web.serving import lose_network, until
from webapp import clock
from webapp.care.couples.partner_notes import NoteText
from webapp.care.materials.drafts import Draft
from webapp.care.privacy.consents import Category
from webapp.demo import cast

WORDS = "What helped me: breathing out slowly before I answer."


def test_a_note_written_offline_arrives_once_and_is_read(evening: Evening):
    now = clock.now()
    with evening.database.writing() as store:
        here = cast.find(store)
        room(
            store, here.tessa, [here.maya, here.ben], now - timedelta(hours=5), now - timedelta(days=2),
            kind=COUPLES, title="Hour", ref="hour", minutes=60,
        )  # fmt: skip
        shares(store, here.ben, here.maya, Category.CATCH_UP, now)
        store.commit()
    ben = evening.signed_in("ben")
    page = ben.open("/together")
    page.get_by_role("link", name="Write a note").click()
    expect(page.get_by_label("Your note")).to_be_visible()
    ben.works_offline()
    lose_network(page)
    page.get_by_label("Your note").fill(WORDS)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    expect(page.locator("#unsent")).to_contain_text("Your note · for Maya")
    with evening.database.reading() as store:
        assert store.scalars(select(NoteText)).all() == []
    page.context.set_offline(False)
    evening.wait_until(lambda store: store.scalars(select(NoteText)).all())
    expect(page.get_by_text("Not sent yet")).to_be_hidden()
    until(page, "vault.all('').then((rows) => rows.length === 0)")
    maya = evening.signed_in("maya")
    read = maya.open("/together")
    read.get_by_role("link", name="A note from Ben").click()
    expect(read.get_by_text(WORDS)).to_be_visible()
    with evening.database.reading() as store:
        assert [each.body for each in store.scalars(select(NoteText))] == [WORDS]
        assert store.scalars(select(Draft)).all() == []
