"""S9 to S19 broken, one rule at a time: what runs where no person looks."""

from tests.prove.mutation import Mutation, by, plain

IDENTITY = "webapp/web/page/identity.py"
CAPABILITIES, ANSWERS = "webapp/notify/delivery/action_tokens.py", "webapp/web/client/answers.py"
ZOOM, TOKENS = "webapp/web/api/hooks/zoom.py", "webapp/care/accounts/api_tokens.py"
MARKDOWN, LIMITS, SIGN_IN = (
    "webapp/web/page/markdown.py",
    "webapp/operations/rate_limits.py",
    "webapp/web/sign_in.py",
)
LOG, EVENTS, CHAIN = (
    "webapp/log.py",
    "webapp/care/audit/events.py",
    "webapp/care/audit/chain.py",
)
KEYRING, SEALED, EMBEDDED = (
    "webapp/crypto/keyring.py",
    "webapp/crypto/sealed.py",
    "webapp/embedded.py",
)

RECURRENCES = "webapp/care/schedule/recurrences.py"

BREAKS = (
    # S9: a notification's buttons
    Mutation("S9", CAPABILITIES, "        if now >= token.until:\n            raise ButtonExpired()\n", "", plain("notify/delivery/test_action_tokens", "expired_from")),
    Mutation("S9", CAPABILITIES, "self._signer.unsign(text).decode()", "text.rpartition('.')[0]", plain("notify/delivery/test_action_tokens", "exchanged")),
    Mutation("S9", ANSWERS, "Seat.id == right.seat_id, Seat.is_given", "Seat.id == right.seat_id", by("web/client/test_answers", "no_longer_theirs")),
    Mutation("S9", "webapp/care/contact/contacts.py", "    if _said_already(store, seat, now):\n        return\n", "", by("web/client/test_answers", "ill_be_there")),
    Mutation("S9", "webapp/care/contact/contacts.py", "        and (now < starts_at or said.at >= starts_at)\n", "", by("web/api/test_replies", "contact_anew")),
    Mutation("S9", ANSWERS, "        if sent:\n", "        if True:\n", by("web/client/test_answers", "scanners")),
    Mutation("S9", ANSWERS, "        if right.action not in ANSWERS_TO_GIVE:\n            raise ButtonExpired()\n", "", by("web/client/test_answers", "no_other_answer")),
    Mutation("S9", ANSWERS, '        return {"room": seat.session.join_url} if seat.session.join_url else {}\n    if',
      '        return {"room": seat.session.join_url} if seat.session.join_url else {}\n    if verb is Action.CONFIRM:\n        return {"name": person.name}\n    if',
      by("web/client/test_answers", "nothing_can_be_read or ill_be_there")),
    # S10: webhooks and tokens
    Mutation("S10", "webapp/web/api/hooks/sms.py", "return any(matching)", "return True", by("web/api/test_sms_hook", "nobody_but_twilio")),
    Mutation("S10", ZOOM, 'hmac.compare_digest(claimed, b"v0=" + _hmac(one, signed))', "True", by("web/api/test_zoom_hook", "changed_byte")),
    Mutation("S10", ZOOM, "WINDOW = timedelta(minutes=5)", "WINDOW = timedelta(hours=5)", by("web/api/test_zoom_hook", "another_time")),
    Mutation("S10", ZOOM, "for one in secrets if hmac", "for one in secrets[:1] if hmac", by("web/api/test_zoom_hook", "either_live")),
    Mutation("S10", ZOOM, 'r"[A-Za-z0-9_-]{1,64}"', 'r"[:A-Za-z0-9_-]{1,64}"', by("web/api/test_zoom_hook", "signs_nothing_that")),
    Mutation("S10", ZOOM, "    if arrival is Arrival.REPLAYED:\n", "    if False:\n", by("web/api/test_zoom_hook", "replay")),
    Mutation("S10", ZOOM, "secret or (secrets[0] if secrets and not _claims_signature() else None)", "secret or (secrets[0] if secrets else None)",
      by("web/api/test_zoom_hook", "false_signature")),
    Mutation("S10", TOKENS, "secret_hash=hash_secret(secret)", "secret_hash=secret.encode()", by("care/accounts/test_logins", "no_secret")),
    Mutation("S10", TOKENS, "Token.secret_hash == hash_secret(secret), ~Token.is_revoked", "Token.secret_hash == hash_secret(secret)",
      by("care/accounts/test_logins", "until_it_is_revoked")),
    # S11: what people write can do nothing but be read
    Mutation("S11", MARKDOWN, "return Markup(_cleaner.clean(rendered))", "return Markup(source)", plain("care/catch_up/test_cards", "plain_reading")),
    Mutation("S11", MARKDOWN, "return name != \"href\" or value.startswith(SCHEMES)", "return True", plain("care/catch_up/test_cards", "plain_reading")),
    Mutation("S11", "templates/client/summaries/show.html", '<div class="prose" hx-ignore>{{ part.html }}</div>\n          {% endcall %}', '<div class="prose">{{ part.html }}</div>\n          {% endcall %}',
      plain("web/test_htmx", "wrote_alone")),
    Mutation("S11", "webapp/web/client/sharing/looks.py", "return f\"'{cell}\" if cell.startswith(FORMULAS) else cell", "return cell", by("web/client/sharing/test_looks", "formula")),
    Mutation("S11", "webapp/web/page/headers.py", "plays_from = media if ORIGIN.fullmatch(media)", "plays_from = media if media", plain("web/test_headers", "plain_origin")),
    # S12: tries
    Mutation("S12", LIMITS, "raise TooMany(wait(store, rate, who, now), rate.sentence)", "return", by("operations/test_rate_limits", "burst")),
    Mutation("S12", LIMITS, "where=table.c.paid_until <= at + step * (rate.burst - 1),", "where=table.c.paid_until <= at,", by("operations/test_rate_limits", "burst")),
    Mutation("S12", LIMITS, 'PASSWORD = Rate("password", 10, timedelta(minutes=1))', 'PASSWORD = Rate("password", 10, timedelta(days=400))', by("web/account/test_limits", "then_opens")),
    Mutation("S12", SIGN_IN, "    for rate, who in tries:\n        attempts.count(rate, who)\n", "", by("web/account/test_limits", "ten_times")),
    Mutation("S12", SIGN_IN, "    email, password = request.form.get(\"email\", \"\"), request.form.get(\"password\", \"\")\n    attempts.count(DOOR, attempts.caller_address())\n",
      "    email, password = request.form.get(\"email\", \"\"), request.form.get(\"password\", \"\")\n", by("web/account/test_limits", "forty")),
    Mutation("S12", "webapp/web/page/attempts.py", "(PASSWORD_FROM_ONE_ADDRESS, here), ", "", by("web/account/test_limits", "patient_stranger")),
    Mutation("S12", "webapp/web/page/attempts.py", "if any(hmac.compare_digest(mark, each) for each in marks):", "if False:", by("web/account/test_limits", "whoever_else")),
    Mutation("S12", "webapp/web/page/attempts.py", "if any(hmac.compare_digest(mark, each) for each in marks):", "if marks:", by("web/account/test_limits", "whoever_else")),
    Mutation("S12", "webapp/web/page/attempts.py", "int(found) >> 64 << 64", "int(found)", by("web/account/test_limits", "whole_household")),
    Mutation("S12", "webapp/web/page/attempts.py", "    count(DOOR, caller_address())\n    for rate in CODE:\n", "    for rate in ():\n", by("web/account/test_limits", "codes_are or unlocking")),
    Mutation("S12", "webapp/web/page/proxies.py", "trusted = any(caller in network for network in self.networks)", "trusted = True", by("web/test_headers", "neighbour")),
    Mutation("S12", SIGN_IN, "return _sign_in_form(email=email, unknown=True), 422", "return _sign_in_form(email=email, unknown=True), 422 if passwords.matches(None, password) else 404",
      by("web/test_sign_in", "same_page")),
    Mutation("S12", "webapp/care/accounts/passwords.py", "    known = person.password_hash if person and person.password_hash else _NOBODY\n",
      "    if person is None:\n        return False\n    known = person.password_hash if person.password_hash else _NOBODY\n", by("care/accounts/test_passwords")),
    Mutation("S12", "webapp/care/accounts/passwords.py", "    nobody = [None] * (HASHES - len(found))\n", "    nobody = [None][len(found) :]\n", by("care/accounts/test_passwords", "two_share")),
    Mutation("S12", SIGN_IN, "        if not addresses.is_shared(store, person.email or \"\"):\n", "        if True:\n", by("web/account/test_shared_address", "no_more_tries")),
    Mutation("S12", "webapp/web/account/passwords.py", "    attempts.count_new_password(context.person())\n", "", by("web/account/test_shared_address", "choosing")),
    # S17: acts that notify others, repeats, bounds
    Mutation("S17", "webapp/care/audit/events.py", "        before_event(tag, by)\n", "        pass\n", by("web/test_act_limits", "opening_again or giving_up")),
    Mutation("S17", "webapp/web/page/unit_of_work.py", "    except TooMany:\n        discard_and_read()\n        raise\n", "    except TooMany:\n        pass\n", by("web/test_act_limits", "opening_again or giving_up")),
    Mutation("S17", LIMITS, "return of_staff if by.kind == Kind.STAFF else of_client", "return of_client if by.kind != Kind.STAFF else None", by("web/test_act_limits", "moved_only_so_often")),
    Mutation("S17", LIMITS, '    Tag.MAKE_UP_BOOKED: (BOOKING, STAFF_PLANNING),\n', "", by("web/test_act_limits", "limited_or_has")),
    Mutation("S17", LIMITS, '    Tag.CONSENT_GRANTED: (CONSENT, CONSENT),\n', "    Tag.CONSENT_GRANTED: (CONSENT, CONSENT),\n    Tag.CONSENT_REVOKED: (CONSENT, CONSENT),\n", by("web/test_act_limits", "limited_or_has")),
    Mutation("S17", "webapp/web/page/errors.py", "fields = forms.pending_fields() if typed else []", "fields = []", by("web/test_act_limits", "carried_along")),
    Mutation("S17", "webapp/notify/announcing/folding.py", "return last if last > at else last + WITHIN", "return at", by("notify/announcing/test_news", "in_a_row")),
    Mutation("S17", "webapp/notify/announcing/folding.py", "return last if last > at else last + WITHIN", "return last + WITHIN", by("notify/announcing/test_news", "never_stops")),
    Mutation("S17", "webapp/notify/announcing/folding.py", 'return {"about_at": notice.about_at}', "return {}", by("notify/announcing/test_news", "two_subjects")),
    Mutation("S17", "webapp/notify/delivery/objections.py", '        (or_(*(_folded(kinds) for kinds in set(FOLDED.values()))), "superseded"),\n', "", by("notify/announcing/test_news", "in_a_row")),
    Mutation("S17", "webapp/care/contact/contacts.py", "    if _said_already(store, seat, now):\n        return\n", "", by("web/test_repeats", "no_form")),
    Mutation("S17", "webapp/care/preferences/contact_preferences.py", "    if kept == person.preferences:\n        return\n", "", by("web/test_repeats", "no_form")),
    Mutation("S17", "webapp/care/directory/teams.py", "if new or before != after:\n        events.record(store, Tag.CARE_TEAM_SET", "if True:\n        events.record(store, Tag.CARE_TEAM_SET", by("web/test_repeats", "no_call")),
    Mutation("S17", "webapp/care/contact/reengagement_plans.py", "if len(words or \"\") > LONGEST:", "if False:", plain("web/test_lengths", "no_form")),
    Mutation("S17", "webapp/web/wiring.py", "super().__init__(url_map, max=2**31 - 1)", "super().__init__(url_map)", by("web/test_numbers", "in_a_form")),
    Mutation("S17", "webapp/numbers.py", "return found if found is not None and found <= most else None\n\n\ndef decimal", "return found\n\n\ndef decimal", plain("ground/test_times", "whole_number")),
    Mutation("S17", "webapp/web/client/me/devices.py", "    return len(raw) == POINT_BYTES\n", "    return True\n", by("web/client/me/test_devices", "no_subscription")),
    # S13: the log
    Mutation("S13", LOG, "            line[key] = REDACTED\n", "            pass\n", plain("ground/test_log")),
    Mutation("S13", LOG, 'line["error"] = " < ".join(type(each).__qualname__ for each in _causes(error))', 'line["error"] = str(error)', by("ground/test_canary", "every_route_fails")),
    Mutation("S13", LOG, '        line["event"] = "a library spoke"\n', "", plain("ground/test_log")),
    # S14: the audit chain
    Mutation("S14", CHAIN, "if chained_hash(digest, row.canonical) != row.hash:", "if False:", by("care/audit/test_events", "tampering")),
    Mutation("S14", CHAIN, "if _columns(row) != _hashed_columns(row.canonical):", "if False:", by("care/audit/test_events", "tampering")),
    Mutation("S14", CHAIN, "        if row.id != expected:\n", "        if False:\n", by("care/audit/test_events", "tampering")),
    Mutation("S14", CHAIN, "    if len(heads) > 1:\n", "    if False:\n", by("care/audit/test_events", "tampering")),
    Mutation("S14", CHAIN, "if (count, last) != (expected, digest):", "if False:", by("care/audit/test_events", "tampering")),
    Mutation("S14", EVENTS, "select(ChainHead.count, ChainHead.hash).with_for_update()", "select(ChainHead.count, ChainHead.hash)",
      ("tests/care/audit/test_events.py", "-k", "fork and postgresql")),
    Mutation("S14", EVENTS, '    store.info.pop("pending_events", None)\n', "    pass\n", by("care/audit/test_events", "transaction")),
    Mutation("S14", CHAIN, "if anchor.count > count:", "if False:", by("care/audit/test_chain", "cut_off")),
    Mutation("S14", CHAIN, 'elif anchor.count and hashes.get(anchor.count, b"").hex() != anchor.hash:', "elif False:", by("care/audit/test_chain", "rewritten")),
    # S15: at rest
    Mutation("S15", KEYRING, "raw[NONCE:], place.encode())", 'raw[NONCE:], b"")', plain("crypto/test_sealed", "Keyring")),
    Mutation("S15", KEYRING, "ciphers[first].encrypt(nonce, text.encode(), place.encode())", 'ciphers[first].encrypt(bytes(NONCE), text.encode(), place.encode())',
      plain("crypto/test_sealed", "Keyring")),
    Mutation("S15", SEALED, "return keyring_of(dialect).seal(value, value.place)", "return str(value)", by("operations/test_field_keys")),
    Mutation("S15", KEYRING, "if kind != FORMAT or not body:", "if kind != FORMAT:\n            return sealed\n        if not body:", by("crypto/test_sealed", "not_believed")),
    Mutation("S15", "webapp/operations/field_keys.py", "if missing := used - sealed.keyring_of(database.engine.dialect).ids:", "if missing := set():", by("cli/test_key_rotation", "lost_key")),
    Mutation("S15", "webapp/cli/key_rotation.py", "            for done in field_keys.seal_anew(database):\n                bar.advance(bar.task_ids[0], done)\n", "", by("cli/test_key_rotation", "turned_over")),
    Mutation("S15", "webapp/care/privacy/counseling_notes.py", "    body: Mapped[str] = mapped_column(SealedText)\n", "    body: Mapped[str]\n", plain("house/test_clinical")),
    Mutation("S15", EMBEDDED, "    if key:\n", "    if False:\n", plain("ground/test_db", "readable_word or wrong_key")),
    Mutation("S15", "webapp/db.py", 'return url.update_query_dict({"sslmode": "require"})', "return url", plain("ground/test_db", "in_private")),
    # S16: what it is made of
    Mutation("S16", "requirements/sbom.cdx.json", '"bomFormat"', '"bomformat"', plain("house/test_dependencies", "bill_of_materials_is")),
    Mutation("S16", "pyproject.toml", '"nh3', '"nh3-by-another-name', plain("house/test_dependencies")),
    Mutation("S16", "templates/layouts/signed_in.html", "{{ asset(\"vendor/htmx", "https://cdn.example/{{ asset(\"vendor/htmx", by("web/test_htmx")),
    # S17: what is parsed later is parsed and bounded before it is stored
    Mutation("S17", RECURRENCES, "    found.check()\n", "", plain("care/schedule/test_recurrences", "by_its_part")),
    Mutation("S17", RECURRENCES, "            if steps > MOST_STEPS and found:\n", "            if steps > 10 * MOST_STEPS and found:\n", plain("care/schedule/test_recurrences", "few_steps or by_its_part")),
    Mutation("S17", RECURRENCES, "recurrence._periods(0 if rule.times else recurrence.number_at(begin))", "recurrence._periods(0)", plain("care/schedule/test_recurrences", "few_steps")),
    Mutation("S17", RECURRENCES, "        if days[0] > last:\n            break\n", "        if days[0].year > 9000:\n            break\n", plain("care/schedule/test_recurrences", "few_steps")),
    Mutation("S17", RECURRENCES, "        if name in SHORTER_THAN_A_DAY or", "        if False or", plain("care/schedule/test_recurrences", "in_words")),
    Mutation("S17", RECURRENCES, "return (instant if self.until.tzinfo else local) > self.until", "return local > self.until.replace(tzinfo=None)", plain("care/schedule/test_recurrences", "until_means")),
    Mutation("S17", "webapp/care/schedule/series.py", "    _expand_ahead(database, due, now)\n", "", by("care/schedule/test_series", "under_a_lock")),
    Mutation("S17", "webapp/web/api/series.py", "    recurrences.checked(body.local_start, body.time_zone, body.rrule)\n", "", by("web/api/test_roster", "under_a_lock")),
    Mutation("S17", "webapp/care/schedule/planning.py", "        if each not in list(SessionKind):\n", "        if False:\n", by("web/staff/test_make_ups", "invalid_input")),
    Mutation("S17", "webapp/care/directory/programs.py", '        if name == "UTC" or (name.partition("/")[0] in CONTINENTS and "/" in name)\n', "", by("web/api/test_roster", "no_place")),
    Mutation("S17", "webapp/times.py", "    if not _WALL_TIME.fullmatch(text):\n", "    if not text:\n", plain("ground/test_times", "without_an_hour")),
    # S18: a room is run by its host, their cover or a lead; emergency access changes nothing; a feed speaks for a platform
    Mutation("S18", "webapp/web/staff/rooms.py", "if not session.is_run_by(me()):", "if False:", by("web/staff/test_rooms", "neither_marks")),
    Mutation("S18", "webapp/web/staff/rooms.py", "    _run(seat.session_id)\n    place = ", "    place = ", by("web/staff/test_rooms", "neither_marks")),
    Mutation("S18", "webapp/care/schedule/sessions.py", "return self.host_id in me.covering | {me.id}", "return self.host_id == me.id", by("web/staff/test_rooms", "their_cover")),
    Mutation("S18", "webapp/care/directory/teams.py", "Cover.covered_by_id == person_id, Cover.starts_at <= as_of, Cover.ends_at > as_of", "Cover.covered_by_id == person_id",
      by("web/staff/test_rooms", "their_cover")),
    Mutation("S18", IDENTITY, "    if asked.method in unit_of_work.SAFE:\n", "    if True:\n", by("web/test_traces", "emergency")),
    Mutation("S18", "webapp/web/staff/messages.py", "up_to=None if client.id in me().reaching else talk.last", "up_to=talk.last", by("web/test_traces", "emergency")),
    Mutation("S18", "webapp/web/api/presence.py", "if event.source.lower() in evidence.OUR_OWN:", "if False:", by("web/api/test_presence_calls", "does_not_speak")),
)  # fmt: skip
