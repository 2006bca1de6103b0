"""R1 and R3 to R13 and R15 broken, one rule at a time. R2 (killed at any instant) is `make faults`, which kills for real."""

from tests.prove.mutation import Mutation, by, plain

EMBEDDED, OUTCOMES, OBJECTIONS = (
    "webapp/embedded.py",
    "webapp/notify/delivery/results.py",
    "webapp/notify/delivery/objections.py",
)
TAKEN_BACK, ABSENCES = "webapp/cli/restore_safeguards.py", "webapp/care/attendance/absences.py"
BATCHES, SET_ASIDE = "webapp/batches.py", "webapp/operations/set_aside.py"
SERIES = "webapp/care/schedule/series.py"

WITHOUT = {
    "R2": "SIGKILL at any instant: `make faults` kills worker, web and database 200 times and counts what is left."
}
"""Lines that no changed word can break, and what proves them instead."""
STANDING, GUESTS = "webapp/care/attendance/standing.py", "webapp/care/attendance/guests.py"
ZOOM = "webapp/operations/zoom.py"

BREAKS = (
    # R1: fact, audit event and intent commit together, durably
    Mutation("R1", EMBEDDED, '"synchronous = FULL"', '"synchronous = OFF"', by("ground/test_db", "durable")),
    Mutation("R1", "webapp/care/audit/events.py", '@event.listens_for(Store, "before_commit")', '@event.listens_for(Store, "after_begin")', by("care/audit/test_events", "transaction")),
    Mutation("R1", "webapp/care/attendance/absences.py", "    events.record(\n        store, Tag.ABSENCE_REPORTED", "    (lambda *_, **__: None)(\n        store, Tag.ABSENCE_REPORTED",
      by("web/api/test_care", "chart_tells or feed_is_read")),
    # R3: only a database that cannot lose data
    Mutation("R3", EMBEDDED, "if tuple(version) < SAFE_SQLITE:", "if False:", plain("ground/test_db", "old_sqlite")),
    Mutation("R3", EMBEDDED, '        "foreign_keys = ON",\n', "", by("ground/test_db", "foreign_keys")),
    # R4: after an outage everything resolves
    Mutation("R4", OBJECTIONS, "(notice.not_after <= NOW, EXPIRED),", "", by("notify/delivery/test_deliver", "six_hours")),
    Mutation("R4", "webapp/protocol/engine/reconcile.py", "    store.execute(update(Seat).where(among(store, Seat.id, ids)).values(next_look_at=now))\n", "",
      by("protocol/engine/test_reconcile", "timer_was_lost")),
    # R5: who watches the watcher
    Mutation("R5", "webapp/operations/heartbeats.py", "return last is None or now - last > after", "return False", by("web/api/test_contract", "worker_beats")),
    Mutation("R5", "webapp/operations/heartbeats.py", "SILENT_AFTER = timedelta(minutes=2)", "SILENT_AFTER = timedelta(minutes=20)", by("web/staff/test_now", "within_two_minutes")),
    Mutation("R5", "webapp/protocol/engine/reconcile.py", "EVERY = timedelta(minutes=15)", "EVERY = timedelta(hours=15)", by("protocol/engine/test_reconcile", "quarter_of_an_hour")),
    # R6: accepted is not delivered
    Mutation("R6", "webapp/notify/channels/parcel.py", "if status in (404, 410):", "if status == 404:", plain("notify/channels/test_push", "gone")),
    Mutation("R6", "webapp/notify/delivery/retry.py", "    if retry_after is not None:\n", "    if False:\n", plain("notify/delivery/test_retry")),
    Mutation("R6", OUTCOMES, '        address.stop(store, "gone", by=None, now=now)\n', "        pass\n", by("notify/delivery/test_deliver", "gone_is_stopped")),
    Mutation("R6", OUTCOMES, "    elif address.troubles >= MOST_TROUBLES:\n", "    elif False:\n", by("notify/delivery/test_deliver", "ten_times")),
    Mutation("R6", OUTCOMES, "            astray.append(row)\n", "            pass\n", by("notify/delivery/test_deliver", "steps_in")),
    # R7: sent twice is told once; a conflict is shown
    Mutation("R7", ABSENCES, "if request_id and (same := _by_request(store, request_id)):", "if False:", by("care/attendance/test_absences", "same_request_id")),
    Mutation("R7", ABSENCES, "    _refuse_before_withdrawal(store, seat, reported_at)\n", "", by("care/attendance/test_absences", "taken_back")),
    Mutation("R7", "webapp/care/materials/drafts.py", "    if edition is not None:\n", "    if False:\n", by("web/client/catch_up/test_homework", "another_device")),
    # R8: webhooks in any order, any number of times
    Mutation("R8", "webapp/notify/replies.py", "    if text.is_heeded:\n", "    if False:\n", by("web/api/test_replies", "acts_once")),
    Mutation("R8", "webapp/operations/received_texts.py", "late = ReceivedText.received_at <= as_of - BY_ITSELF_AFTER", "late = ReceivedText.id < 0", by("web/api/test_replies", "taken_up")),
    Mutation("R8", "webapp/operations/inbox.py", "if store.scalar(kept.returning(ReceivedWebhook.id)):", "if True:", by("web/api/test_zoom_hook", "again or replay")),
    Mutation("R8", "webapp/care/attendance/tally.py", "for at, closing in sorted(moves):", "for at, closing in moves:", plain("care/attendance/test_tally")),
    Mutation("R8", STANDING, "return room.silent(now) or room.has_guest(now)", "return room.silent(now)", by("web/staff/test_guests", "may_be_anyone")),
    Mutation("R8", STANDING, "if looked is None and not (self.platform_fed and self.anyone_seen):", "if looked is None and self.platform_fed and not self.anyone_seen:",
      plain("care/attendance/test_standing", "that_staff_mark")),
    Mutation("R8", GUESTS, "    store.flush()\n    _move_evidence(store, guest, person_id)\n", "    store.flush()\n", by("web/staff/test_guests", "first_and_the_others")),
    Mutation("R8", GUESTS, "    store.flush()\n    _move_evidence(store, guest, None)\n", "    store.flush()\n", by("web/staff/test_guests", "slip")),
    Mutation("R8", GUESTS, "    if not guest.identifications and (person := _remembered(store, guest, now)):", "    if False:", by("web/staff/test_guests", "recognized")),
    Mutation("R8", ZOOM, "        presence.record(store, _closed(store, session), by=None, now=now)\n", "", by("web/staff/test_guests", "end_of_the_meeting or started_anew")),
    Mutation("R8", "webapp/protocol/facts/rooms.py", "            if session_id not in said or first > said[session_id]:\n", "            if session_id not in said:\n", by("web/staff/test_guests", "answers_for_the_guests")),
    Mutation("R8", "webapp/protocol/engine/overdue_tasks.py", "    found = batches.run_batch(database, now, ROOMS, with_host(now), _each(ask_coordinator, now))\n", "    found = 0\n",
      by("protocol/engine/test_engine", "ten_minutes")),
    # R9: nobody is booked twice
    Mutation("R9", "webapp/care/schedule/sessions.py", 'CheckConstraint("number BETWEEN 1 AND capacity", name="within_capacity"),', "", by("care/schedule/test_sessions", "database_refuses")),
    Mutation("R9", "webapp/care/schedule/sessions.py", '"uq_seat_place", "session_id", "number", unique=True,', '"uq_seat_place", "session_id", "number",', by("care/schedule/test_sessions", "database_refuses")),
    Mutation("R9", "webapp/care/make_ups/busy_slots.py", 'seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))', 'seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True)', by("care/make_ups/test_bookings", "clients_time_twice")),
    # R10: clocks change
    Mutation("R10", "webapp/times.py", "local.replace(tzinfo=zone, fold=0)", "local.replace(tzinfo=zone, fold=1)", plain("ground/test_times", "golden")),
    Mutation("R10", "webapp/care/preferences/availability.py", "local = ZoneInfo(zone)", 'local = ZoneInfo("UTC")', plain("care/preferences/test_availability", "clock")),
    # R11: a backup that comes back revives nothing
    Mutation("R11", TAKEN_BACK, '("revoked_at", "paused_at")),', '("paused_at",)),', by("cli/test_backups", "revives")),
    Mutation("R11", TAKEN_BACK, '("status", "status_at")),', '("status_at",)),', by("cli/test_backups", "whoever_left")),
    Mutation("R11", TAKEN_BACK, "    Ended(Person, true(), WHO, (\"password_hash\",)),\n", "", by("cli/test_backups", "whoever_left")),
    Mutation("R11", TAKEN_BACK, '("opted_in_at", "switched_off_at")', '("unsafe_at",)', by("cli/test_backups", "whoever_left")),
    Mutation("R11", TAKEN_BACK, "made.append(delete(Role).where(Role.person_id == who, Role.name.not_in(names)))", "pass", by("cli/test_backups", "whoever_left")),
    Mutation("R11", TAKEN_BACK, "made.append(update(Consent).where(valid(now)).values(paused_at=now))", "pass", by("cli/test_backups", "sharing_is_paused")),
    Mutation("R11", TAKEN_BACK, "update(Notification).where(Notification.is_open).values(expired),", "", by("cli/test_backups", "sends_nothing")),
    Mutation("R11", TAKEN_BACK, "update(Login).where(~Login.is_ended).values(ended_at=now),", "", by("cli/test_backups", "stay_ended")),
    # R12: bad input is refused by its name and changes nothing
    Mutation("R12", "webapp/web/wiring.py", ", *_json_texts()]", "]", by("web/test_wiring", "in_json_too")),
    Mutation("R12", "webapp/web/api/contract/shapes.py", '    """A request body. An unknown field is refused."""\n\n    model_config = ConfigDict(extra="forbid", strict=True)',
      '    """."""\n\n    model_config = ConfigDict(extra="ignore", strict=True)', by("web/api/test_bad_input", "pointed")),
    Mutation("R12", "webapp/numbers.py", r'_DIGITS = re.compile(r"[0-9]+")', r'_DIGITS = re.compile(r"\d+")', plain("fuzz/test_instruments", "numbers")),
    Mutation("R12", "webapp/cli/rosters/command.py", "    if not problems:\n        return\n", "    return\n", by("cli/test_import_roster", "nothing_is_entered")),
    Mutation("R12", "webapp/refusals.py", 'status = 422\n    code = "invalid"', 'status = 200\n    code = "invalid"', by("web/client/test_absences", "cannot_be_used")),
    Mutation("R12", "webapp/web/wiring.py", "if NOT_STORABLE.search(name + value):", "if False:", by("web/test_wiring", "nul_in_a_form")),
    Mutation("R12", "webapp/web/page/errors.py", "    unit_of_work.discard()  # a flush that failed would fail the error's page too\n", "", by("web/test_errors", "flush_that_fails")),
    # R13: a bad row affects only itself
    Mutation("R13", "webapp/times.py", 'r"([01][0-9]|2[0-3]):([0-5][0-9])"', 'r"([01]\\d|2[0-3]):([0-5]\\d)"', plain("ground/test_times", "no_time_of_day")),
    Mutation("R13", "webapp/times.py", 'r"([01][0-9]|2[0-3]):([0-5][0-9])"', 'r"([01]\\d|2[0-3]):([0-5]\\d)"', plain("house/test_digits", "scripts_digits")),
    Mutation("R13", "webapp/numbers.py", '_DIGITS = re.compile(r"[0-9]+")', '_DIGITS = re.compile(r"\\d+")', plain("ground/test_times", "whole_number")),
    Mutation("R13", "webapp/numbers.py", "if len(text) <= len(str(most)) and _DIGITS", "if _DIGITS", plain("ground/test_times", "whole_number")),
    Mutation("R13", "webapp/numbers.py", '_DECIMAL = re.compile(r"[0-9]+(\\.[0-9]*)?")', '_DECIMAL = re.compile(r".+")', plain("ground/test_times", "decimal_number")),
    Mutation("R13", "webapp/care/directory/policy.py", '    if isinstance(value, bool) or not re.fullmatch(AMOUNT.strip("^$"), str(value)):\n        raise ValueError\n', "", plain("care/directory/test_policy", "cannot_be_meant")),
    Mutation("R13", "webapp/care/schedule/recurrences.py", "if not value or not part.isascii():", "if not value:", plain("care/schedule/test_recurrences", "by_its_part")),
    Mutation("R13", "webapp/care/make_ups/held_places.py", "            failed[entry.id] = error\n            continue\n", "            raise\n", by("operations/test_set_aside", "next_in_line or offered_past")),
    Mutation("R13", "webapp/care/make_ups/held_places.py", "    line = LINE.without_set_aside(line.where(WaitlistEntry.places <= free))\n", "    line = line.where(WaitlistEntry.places <= free)\n", by("operations/test_set_aside", "next_in_line")),
    Mutation("R13", "webapp/care/preferences/contact_preferences.py", "        return minute_of_day(text)\n", "        return int(text[:2]) * 60 + int(text[3:])\n", by("web/client/me/test_reminders", "cannot_be_is_refused")),
    Mutation("R13", BATCHES, "                if len(part) > 1:\n", "                if False:\n", by("ground/test_batches", "rest_is_done")),
    Mutation("R13", BATCHES, "        return due.where(~aside)\n", "        return due\n", by("ground/test_batches", "left_out")),
    Mutation("R13", BATCHES, "                if len(self.failed) > MOST_SET_ASIDE:\n", "                if False:\n", by("ground/test_batches", "everything_fails")),
    Mutation("R13", BATCHES, "    if gone or (isinstance(error, NOT_A_ROWS_FAULT) and not malformed):\n", "    if gone:\n", by("ground/test_batches", "no_rows_fault")),
    Mutation("R13", BATCHES, "                store.delete(aside)\n", "                pass\n", by("ground/test_batches", "no_longer_set_aside")),
    Mutation("R13", BATCHES, "RETRY_AFTER[0] * 2 ** min(aside.count - 1, 20)", "RETRY_AFTER[0]", by("ground/test_batches", "longer_intervals")),
    Mutation("R13", "webapp/log.py", 'return f"{type(error).__qualname__} at {ours[-1]}"', 'return f"{error} at {ours[-1]}"', by("ground/test_batches", "no_word_of_the_row")),
    Mutation("R13", SET_ASIDE, "SetAside.count >= KEEPS_FAILING,", "SetAside.count >= 10**6,", by("operations/test_set_aside", "unready or banner")),
    Mutation("R13", SET_ASIDE, "            about[place].withdraw(store, \"mended\", by=None, now=now)\n", "", by("operations/test_set_aside", "withdrawn_once")),
    Mutation("R13", "webapp/worker.py", "            self._report(set_aside.chore_failed, database, self.name, error, clock.now())\n", "", by("operations/test_set_aside", "unready")),
    Mutation("R13", "webapp/worker.py", "        if self.troubles or not self.vouched:\n", "        if self.troubles:\n", by("operations/test_set_aside", "restarted")),
    Mutation("R13", "webapp/protocol/engine/engine.py", "batches.run_batch(database, now, replace(SEATS, limit=limit), due(now), act, _seat_rows)", "act(database.open(writing=True), _seat_rows(database.open(writing=True), due(now)))", by("operations/test_set_aside", "look_goes_on")),
    Mutation("R13", "webapp/web/page/filters.py", "        log.error(\"row can't be shown\", exc_info=error)\n", "        raise\n", by("web/test_bad_rows", "cannot_be_shown")),
    Mutation("R13", "webapp/web/staff/room_overviews.py", "places = each_or_none(build, both_of)", "places = build(both_of)", by("web/test_bad_rows", "whose_place")),
    Mutation("R13", "webapp/web/client/histories.py", "words = each_or_none(build, over)", "words = build(over)", by("web/test_bad_rows", "lies_behind")),
    # R15: one series that can't be planned holds up no other
    Mutation("R15", SERIES, "        one_by_one.isolate([each])\n", "        with database.writing() as store:\n            run(store, [each])\n            store.commit()\n", by("operations/test_set_aside", "unfold_goes_on or older_version")),
    Mutation("R15", SERIES, "                if full is None:\n                    raise named from refusal\n", "                raise named from refusal\n", by("operations/test_set_aside", "returns_to_a_full")),
    Mutation("R15", SERIES, "            one_by_one.incomplete[series.id] = full[0]\n", "            raise full[0]\n", by("operations/test_set_aside", "returns_to_a_full")),
    Mutation("R15", SERIES, "    if not full:\n        series.unfolded_until", "    if True:\n        series.unfolded_until", by("operations/test_set_aside", "until_there_is")),
    Mutation("R15", SERIES, "        except Invalid:\n            return {}\n", "        except Invalid:\n            raise\n", by("operations/test_set_aside", "older_version")),
    Mutation("R15", SERIES, "        except (KeyError, ValueError) as error:\n", "        except (MemoryError,) as error:\n", by("web/client/test_group_times", "cannot_be_planned")),
    # rules 13 and 14 of docs/protocol.md: what a person changed on one evening stands, and what was held
    Mutation("R15", SERIES, "if session.id in take_back or not changed_by_hand(session):", "if True:", by("care/schedule/test_by_hand", "moved_to_friday or reinstated_by_hand")),
    Mutation("R15", SERIES, "ahead = or_(Session.starts_at > now, Session.occurs_on >= first_day)", "ahead = Session.starts_at > now", by("care/schedule/test_by_hand", "held_on_monday")),
    Mutation("R15", SERIES, "        if before[name] == as_it_is[name] != wanted[name] and", "        if as_it_is[name] != wanted[name] and", by("care/schedule/test_by_hand", "stand_in")),
    Mutation("R15", "webapp/care/schedule/sessions.py", "        if self.starts_at <= now or self.confirmed_at:\n", "        if False:\n", by("care/schedule/test_by_hand", "has_begun")),
    Mutation("R15", BATCHES, "                if number not in self.incomplete:\n", "                if True:\n", by("ground/test_batches", "in_part")),
    Mutation("R15", SET_ASIDE, '    if found[0].subject == "series":\n', "    if False:\n", by("operations/test_set_aside", "which_series")),
    Mutation("R13", "webapp/web/page/errors.py", "    if unit_of_work.is_committed():\n        return guard.redirect_after_change()\n", "", by("web/test_errors", "was_kept")),
)  # fmt: skip
