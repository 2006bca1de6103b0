"""S15: clinical text is sealed in the database, bound to its table, column and row."""

import pytest
from sqlalchemy import insert, select, text

from tests.databases import FIELD_KEY
from webapp.care.contact import contacts, messages
from webapp.care.contact.contacts import Contact
from webapp.care.materials import drafts
from webapp.crypto.keyring import Keyring, TamperedText, key_id
from webapp.crypto.keys import KeyTrouble
from webapp.crypto.sealed import prepared_row

OLD, NEW = "a" * 64, "b" * 64


def wrote(store, world, clock, note="what she said"):
    return contacts.record(
        store, world.maya, channel="call", outcome="reached", by=world.carla, now=clock.now(), note=note
    )  # fmt: skip


def raw(store, table="contact", column="note"):
    return store.scalars(text(f"SELECT {column} FROM {table} ORDER BY id")).all()


class TestAKeyring:
    def test_opens_what_it_sealed(self):
        ring = Keyring([OLD])
        sealed = ring.seal("höre 🙂", "contact|note|7")
        assert sealed.startswith(f"s1.{key_id(OLD)}.")
        assert ring.open(sealed, "contact|note|7") == "höre 🙂"
        assert ring.seal("höre 🙂", "contact|note|7") != sealed

    @pytest.mark.parametrize("place", ["contact|note|8", "contact|detail|7", "plan|note|7"])
    def test_a_text_moved_elsewhere_does_not_open(self, place):
        """S15: the place is authenticated."""
        ring = Keyring([OLD])
        with pytest.raises(TamperedText, match="does not open"):
            ring.open(ring.seal("x", "contact|note|7"), place)

    def test_a_text_that_was_changed_does_not_open(self):
        """S15: so is every letter."""
        ring = Keyring([OLD])
        sealed = ring.seal("x", "a|b|1")
        for i in range(len(sealed) - 20, len(sealed)):
            broken = sealed[:i] + ("A" if sealed[i] != "A" else "B") + sealed[i + 1 :]
            with pytest.raises(KeyTrouble):
                ring.open(broken, "a|b|1")
        for other in ("", "plain words", "s1.", sealed[:-4], sealed + "!"):
            with pytest.raises(KeyTrouble):
                ring.open(other, "a|b|1")

    def test_older_keys_open_and_the_first_seals(self):
        sealed = Keyring([OLD]).seal("x", "a|b|1")
        both = Keyring([NEW, OLD])
        assert both.open(sealed, "a|b|1") == "x"
        assert key_id(NEW) in both.seal("x", "a|b|1")

    def test_a_missing_key_says_which_and_what_to_do(self):
        sealed = Keyring([OLD]).seal("x", "a|b|1")
        with pytest.raises(KeyTrouble, match=f"{key_id(OLD)}.*Put it back from your backup"):
            Keyring([NEW]).open(sealed, "a|b|1")

    def test_it_follows_its_file(self, tmp_path):
        """A running program opens what another sealed with a key that is new since, and what a retired one sealed."""
        file = tmp_path / "field.keys"
        file.write_text(OLD)
        ring = Keyring([OLD], file)
        file.write_text(f"{NEW}\n{OLD}")
        sealed = Keyring([NEW]).seal("x", "a|b|1")
        assert ring.open(sealed, "a|b|1") == "x"
        assert ring.first == key_id(NEW)
        (tmp_path / "field.keys.retired").write_text(f"{OLD}\n")
        file.write_text(NEW)
        assert Keyring([NEW], file).ids == {key_id(OLD), key_id(NEW)}


class TestAColumn:
    def test_reads_plainly_and_is_kept_sealed(self, store, world, clock):
        made = wrote(store, world, clock)
        store.expire_all()
        assert made.note == "what she said"
        assert store.scalars(select(Contact.note)).all() == ["what she said"]
        assert store.execute(select(Contact.channel, Contact.note)).all() == [
            ("call", "what she said")
        ]
        [kept] = raw(store)
        assert kept.startswith(f"s1.{key_id(FIELD_KEY)}.")
        assert "said" not in kept

    def test_changed_text_is_sealed_anew(self, store, world, clock):
        made = wrote(store, world, clock)
        [before] = raw(store)
        made.note = "other words"
        store.flush()
        store.expire_all()
        assert made.note == "other words"
        assert raw(store) != [before]
        made.note = None
        store.flush()
        assert raw(store) == [None]

    def test_text_taken_from_one_row_is_bound_to_the_other_that_gets_it(self, store, world, clock):
        first, second = wrote(store, world, clock), wrote(store, world, clock, None)
        second.note = first.note
        store.flush()
        store.expire_all()
        assert second.note == "what she said"

    def test_moved_by_hand_to_another_row_it_does_not_open(self, store, world, clock):
        """S15."""
        first = wrote(store, world, clock)
        second = wrote(store, world, clock, "someone else's")
        move = "UPDATE contact SET note = (SELECT note FROM contact WHERE id = :a) WHERE id = :b"
        store.execute(text(move), {"a": first.id, "b": second.id})
        store.expire_all()
        assert first.note == "what she said"
        with pytest.raises(TamperedText, match=r"contact\.note"):
            _ = second.note

    def test_plain_text_put_there_by_hand_is_not_believed(self, store, world, clock):
        made = wrote(store, world, clock)
        store.execute(text("UPDATE contact SET note = 'planted'"))
        store.expire_all()
        with pytest.raises(TamperedText, match="not sealed"):
            _ = made.note

    def test_empty_and_missing_text_stay_what_they_are(self, store, world, clock):
        wrote(store, world, clock, None)
        wrote(store, world, clock, "")
        store.expire_all()
        assert store.scalars(select(Contact.note).order_by(Contact.id)).all() == [None, ""]

    def test_it_is_read_through_aliases_joins_and_subqueries(self, store, world, clock):
        from sqlalchemy.orm import aliased

        made = wrote(store, world, clock)
        other = aliased(Contact)
        assert store.scalars(select(other.note)).all() == ["what she said"]
        inner = select(Contact).subquery()
        assert store.scalars(select(inner.c.note)).all() == ["what she said"]
        assert store.scalar(select(aliased(Contact, inner))).note == "what she said"
        bare = select(Contact.note).subquery()
        with pytest.raises(TypeError, match="beside"):
            store.scalars(select(bare.c.note)).all()
        assert made.id

    def test_a_row_that_has_no_number_yet_gets_one_first(self, store, world, clock):
        rows = [
            Contact(
                client_id=world.maya.id, at=clock.now(), channel="call", outcome="reached",
                two_way=True, note=note, recorded_at=clock.now(),
            )
            for note in ("one", None, "three")
        ]  # fmt: skip
        store.add_all(rows)
        store.flush()
        store.expire_all()
        assert [row.note for row in rows] == ["one", None, "three"]
        again = wrote(store, world, clock, "four")
        assert again.id > rows[-1].id

    def test_it_is_neither_compared_nor_inserted_without_its_row(self, store, world, clock):
        from sqlalchemy.exc import StatementError

        with pytest.raises((StatementError, TypeError), match="needs its row"):
            store.scalars(select(Contact).where(Contact.note == "what she said")).all()
        row = {
            "client_id": world.maya.id, "at": clock.now(), "channel": "call", "outcome": "reached",
            "two_way": True, "note": "core", "recorded_at": clock.now(),
        }  # fmt: skip
        with pytest.raises((StatementError, TypeError), match="needs its row"):
            store.execute(insert(Contact).values(row))
        store.execute(insert(Contact).values(prepared_row(store, Contact, row)))
        assert store.scalars(select(Contact.note)).all() == ["core"]

    def test_a_draft_is_bound_to_its_writer_and_what_it_is_about(self, store, world, clock):
        drafts.save(store, "homework:1", "words", by=world.maya, now=clock.now())
        drafts.save(store, "homework:1", "more words", by=world.maya, now=clock.now())
        assert drafts.of(store, world.maya, "homework:1").body == "more words"
        store.execute(text("UPDATE draft SET about = 'homework:2'"))
        with pytest.raises(TamperedText):
            drafts.of(store, world.maya, "homework:2")

    def test_a_message_written_twice_is_one(self, store, world, clock):
        request = "2f1e8f8e-0d4b-4a53-9d0c-8d6f4c9a0b11"
        for _ in range(2):
            made = messages.send(
                store, world.maya, "hello there", by=world.maya, now=clock.now(), request_id=request
            )
        assert made.body == "hello there"
        assert len(raw(store, "message", "body")) == 1
