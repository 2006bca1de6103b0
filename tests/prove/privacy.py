"""P1 to P10 broken, one rule at a time."""

from tests.prove.mutation import Mutation, by, plain

CONSENTS = "webapp/care/consents.py"
OBJECTIONS = "webapp/notify/objections.py"
EMERGENCIES = "webapp/care/emergencies.py"
EXPORTS = "webapp/care/exports.py"
ACCESS = "webapp/care/access.py"
GUARD = "webapp/web/guard.py"

BREAKS = (
    # P1: a consent is asked for when it leaves
    Mutation("P1", OBJECTIONS, '(and_(_row.consent_category.is_not(None), ~_consented()), "consent"),', "",
      by("notify/test_deliver", "consent_that_ends")),
    Mutation("P1", OBJECTIONS, '(and_(_row.consent_category.is_not(None), ~_consented()), "consent"),',
      '(and_(_row.consent_category.is_not(None), _row.attempts == 0, ~_consented()), "consent"),',
      by("notify/test_deliver", "second_attempt")),
    Mutation("P1", OBJECTIONS, "Consent.recipient_id == _row.person_id,", "", by("notify/test_at_the_claim", "consent")),
    Mutation("P1", OBJECTIONS, "Consent.category == _row.consent_category,", "", by("notify/test_at_the_claim", "consent")),
    Mutation("P1", CONSENTS, "or_(Consent.revoked_at.is_(None), Consent.revoked_at > as_of),\n", "",
      by("care/test_consents", "revoking_ends")),
    Mutation("P1", CONSENTS, "Consent.signed_at <= as_of,\n        Consent.expires_at > as_of,\n        or_", "Consent.signed_at <= as_of,\n        or_",
      by("care/test_consents", "until_it_expires")),
    Mutation("P1", "webapp/notify/audience.py", "Consent.category == Category.REMINDERS, valid(now)", "valid(now)",
      by("notify/test_announce", "something_else_does_not_cover")),
    Mutation("P1", "webapp/notify/telling/changes.py", "        .where(or_(Notification.person_id == Seat.client_id, allowed))\n", "",
      by("notify/test_announce", "moved_or_called_off")),
    # P2: a consent is complete
    Mutation("P2", CONSENTS, "if not now < expires_at <= now + LONGEST:", "if False:", by("care/test_consents", "incomplete")),
    Mutation("P2", CONSENTS, '(("purpose", purpose), ("signature", signature))', '(("purpose", purpose),)', by("care/test_consents", "incomplete")),
    Mutation("P2", CONSENTS, "if recipient.program_id != client.program_id or recipient.id == client.id:", "if False:", by("care/test_consents", "ones_own_program")),
    Mutation("P2", CONSENTS, '" AND ".join(f"length(trim({name})) > 0" for name in ELEMENTS)', '"1 = 1"', by("care/test_consents", "database_too")),
    Mutation("P2", CONSENTS, 'CheckConstraint("expires_at > signed_at", name="expires_later"),', "", by("care/test_consents", "database_too")),
    Mutation("P2", "templates/client/sharing/copy.html", "{{ consent.right_to_revoke }}", "", by("web/client/sharing/test_consents", "copy_holds")),
    # P3: quiet revocation
    Mutation("P3", CONSENTS, ".where(Consent.recipient_id == recipient_id, Consent.signed_at <= as_of)",
      ".where(Consent.recipient_id == recipient_id, Consent.signed_at <= as_of, Consent.revoked_at.is_(None))",
      by("web/client/sharing/test_consents", "same_to_the_byte")),
    Mutation("P3", CONSENTS, ".where(Consent.recipient_id == recipient_id, Consent.signed_at <= as_of)",
      ".where(Consent.recipient_id == recipient_id, Consent.signed_at <= as_of, Consent.paused_at.is_(None))",
      by("web/client/sharing/test_consents", "same_to_the_byte")),
    Mutation("P3", CONSENTS, ".where(Consent.client_id == client_id, Consent.signed_at <= as_of)",
      ".where(Consent.client_id == client_id, Consent.signed_at <= as_of, Consent.paused_at.is_(None))",
      by("web/client/sharing/test_consents", "pause_does_not_show")),
    Mutation("P3", EXPORTS, '"taken_back_at": each.revoked_at,', '"taken_back_at": each.revoked_at or each.paused_at,',
      by("care/test_exports", "pause_by_staff")),
    Mutation("P3", CONSENTS, "        or_(Consent.paused_at.is_(None), Consent.paused_at > as_of),\n", "", by("care/test_consents", "pause_it_for_safety")),
    Mutation("P3", CONSENTS, 'if by.id != client.id:\n        raise Forbidden(N_("Only', 'if False:\n        raise Forbidden(N_("Only', by("care/test_consents", "only_the_client")),
    Mutation("P3", CONSENTS, "if by is not None and by.id != self.client_id and by.kind != Kind.STAFF:", "if False:", by("care/test_consents", "partner_can_do_nothing")),
    Mutation("P3", CONSENTS, "        consent.revoke(store, by=by, now=now)", "        return consent.revoke(store, by=by, now=now)",
      by("web/client/sharing/test_consents", "one_tap_ends_all")),
    Mutation("P3", ACCESS, "Permission.HELP_SIGN_IN, Permission.GIVE_CONSENT,\n", "Permission.HELP_SIGN_IN,\n",
      by("web/client/sharing/test_consents", "last_minutes")),
    Mutation("P3", CONSENTS, "    _wait_with_the_rest(store, consent, now)\n    return", "    return", by("care/test_consents", "outlives")),
    Mutation("P3", CONSENTS, "if each.paused_at is not None:", "if each is self:", by("care/test_consents", "outlives")),
    Mutation("P3", GUARD, "if known is None or known.proved(clock.now()):", "if known is None or identity.fresh():", by("web/account/test_fresh", "signs_no_consent")),
    Mutation("P3", "webapp/web/staff/privacy/sharing.py", "    consents.stop(\n", "    _ = (\n", by("web/client/sharing/test_consents", "staff_end_it")),
    Mutation("P2", "webapp/care/statuses.py", "        consents.stop_all(store, person, by=by, now=now)\n", "", by("care/test_consents", "ends_with_the_treatment")),
    # P4: nobody else hears of what comes after the start
    Mutation("P4", "webapp/notify/announce.py", "if client_id not in stretch.allowed or rung not in REMINDS:", "if client_id not in stretch.allowed:",
      by("notify/test_announce", "checks_after_the_start")),
    # P5: words outside the signed-in page
    Mutation("P5", "webapp/web/feeds.py", 'event.add("summary", title)', 'event.add("summary", "Evening group")', by("web/test_feeds", "no_name_kind")),
    Mutation("P5", "webapp/web/feeds.py", "title=_(\"Reserved time\")", "title=reader.program.name", by("web/test_feeds", "no_name_kind or holds_the_time")),
    Mutation("P5", "webapp/web/feeds.py", 'filename="reserved-time.ics"', 'filename="session.ics"', by("web/test_feeds", "neutral_name")),
    Mutation("P5", "webapp/web/client/me/own_copy.py", 'NAME = "my-data"', 'NAME = "my-treatment"', by("web/client/me/test_own_copy", "file_names")),
    Mutation("P5", "webapp/notify/wording.py", "template.render(app_name=self.app_name,", 'template.render(app_name=self.app_name + " IOP therapy",', plain("notify/test_wording")),
    Mutation("P5", "templates/notices/partner_reminder/sms.txt", "You have a reminder", "Your partner has a therapy session", plain("notify/test_wording")),
    Mutation("P5", "webapp/web/pwa/__init__.py", '"short_name": name,', '"short_name": "Rejoin therapy",', by("web/pwa/test_app", "manifest_names")),
    # P6: the rule about passing on
    Mutation("P6", "templates/client/sharing/show.html", "{{ redisclosure }}", "", by("web/client/sharing/test_consents", "redisclosure")),
    Mutation("P6", "templates/client/sharing/show.html", "{{ each.purpose }} · ", "", by("web/client/sharing/test_consents", "redisclosure")),
    Mutation("P6", "templates/notices/partner_reminder/text.txt", "You have a reminder",
      "42 CFR part 2 prohibits redisclosure. You have a reminder", plain("notify/test_wording")),
    Mutation("P6", "webapp/notify/parcels.py", 'THEIRS = "/me/sharing"', 'THEIRS = "/schedule"', by("notify/test_announce", "passing_on")),
    # P7: who looked
    Mutation("P7", "webapp/web/staff/people.py", "    _looked_at(client)\n    return page(PAGE, **context)", "    return page(PAGE, **context)",
      by("web/staff/test_people", "one_trace")),
    Mutation("P7", "webapp/web/staff/make_ups/reflections.py", "    _looked_at(found.make_up.seat.client)\n", "", by("web/staff/test_make_ups", "reflection_is_read")),
    Mutation("P7", "webapp/care/lookers.py", ".where(Event.client_id == client.id)\n", "", by("web/client/sharing/test_looks", "somebody_else")),
    Mutation("P7", "webapp/notify/disclosures.py", ".where(Notification.client_id == client.id, Notification.person_id != client.id)",
      ".where(Notification.person_id != client.id)", by("web/client/sharing/test_looks", "accounted_for")),
    Mutation("P7", "webapp/care/counseling_notes.py", "mine = CounselingNote.author_id == author.id", "mine = CounselingNote.client_id == client_id",
      by("web/staff/privacy/test_counseling_notes", "nobody_else")),
    Mutation("P7", "webapp/care/counseling_notes.py", "if by.id != self.author_id:", "if False:", by("web/staff/privacy/test_counseling_notes", "note_itself")),
    Mutation("P7", "webapp/web/client/me/own_copy.py", "    exports.taken(store, person, by=person, now=now)\n", "", by("web/client/me/test_own_copy", "trace")),
    # P8: emergency access
    Mutation("P8", EMERGENCIES, "LONGEST = timedelta(hours=2)", "LONGEST = timedelta(hours=3)", by("care/test_emergencies", "two_hours")),
    Mutation("P8", EMERGENCIES, "REVIEW_WITHIN = timedelta(hours=24)", "REVIEW_WITHIN = timedelta(hours=48)", by("care/test_emergencies", "review")),
    Mutation("P8", EMERGENCIES, "owner_id=owners.owner_for(store, client, RoleName.SUPERVISOR, now),", "owner_id=None,", by("care/test_emergencies", "review")),
    Mutation("P8", EMERGENCIES, "if len(reason) < SHORTEST_REASON:", "if False:", by("care/test_emergencies", "sentence")),
    Mutation("P8", EMERGENCIES, "if client.program_id != by.program_id or client.kind != Kind.CLIENT:", "if False:", by("care/test_emergencies", "another_programs")),
    Mutation("P8", "webapp/care/teams.py", "client_id.in_(me.reaching)", "true() if me.reaching else client_id.in_(me.reaching)", by("care/test_emergencies", "one_client")),
    Mutation("P8", "webapp/web/staff/privacy/sign_in_links.py", ".where(Person.id.not_in(me().reaching))", "", by("web/staff/privacy/test_emergency_access", "neither_an_account")),
    Mutation("P8", "webapp/care/owners.py", "return None if holder in self.absent else holder", "return holder", by("care/test_emergencies", "supervisor_has_left")),
    Mutation("P8", "webapp/care/statuses.py", "        _hand_over_work(store, person, by, now)\n", "        pass\n", by("notify/test_announce", "had_to_do")),
    Mutation("P8", ACCESS, "        Permission.EMERGENCY_ACCESS,\n    }", "    }", by("web/staff/privacy/test_emergency_access", "fresh")),
    # P9: only where people agreed to be written to
    Mutation("P9", OBJECTIONS, "or_(unasked, Address.stopped_at.is_not(None), Address.unsafe_at.is_not(None))", "or_(unasked, Address.stopped_at.is_not(None))",
      by("notify/test_at_the_claim", "unsafe")),
    Mutation("P9", OBJECTIONS, "or_(unasked, Address.stopped_at.is_not(None), Address.unsafe_at.is_not(None))", "or_(unasked, Address.unsafe_at.is_not(None))",
      by("notify/test_stops")),
    Mutation("P9", "webapp/notify/audience.py", "Address.opted_in_at.is_not(None)", "Address.id > 0", by("notify/test_announce", "not_opted_into")),
    Mutation("P9", "webapp/notify/audience.py", ".where(Address.stopped_at.is_(None), Address.unsafe_at.is_(None))", ".where(Address.stopped_at.is_(None))",
      by("notify/test_announce", "not_opted_into")),
    Mutation("P9", "webapp/notify/stops.py", "return \" \".join(text.casefold()", "return text == \"STOP\" or \"-\".join(text.casefold()", plain("notify/test_stops")),
    Mutation("P9", "webapp/notify/stops.py", "        address.stop(store, \"stop_word\", by=None, now=now)\n", "", by("notify/test_stops")),
    # P10: one's own copy
    Mutation("P10", EXPORTS, '"note": each.note if each.by_id == client.id else None,', '"note": each.note,', by("care/test_exports", "others_wrote or staff_reported")),
    Mutation("P10", EXPORTS, "select(Message).where(Message.client_id == client.id, Message.by_id == client.id)", "select(Message).where(Message.client_id == client.id)",
      by("care/test_exports", "others_wrote")),
    Mutation("P10", EXPORTS, '"kind": seat.session.kind, "starts_at"', '"kind": seat.session.kind, "host": seat.session.host.name, "starts_at"',
      by("care/test_exports", "nobody_else_is_named")),
    Mutation("P10", EXPORTS, "select(HandIn).where(HandIn.client_id == client.id)", "select(HandIn).where(HandIn.client_id == 0)", by("care/test_exports", "every_word")),
    Mutation("P10", ACCESS, "Permission.OWN_CARE: client,", "Permission.OWN_CARE: lambda me: client(me) and me.active,", by("web/client/me/test_own_copy", "paused")),
    Mutation("P10", "webapp/web/client/me/own_copy.py", '        f"{NAME}.fhir.json": _json(bundle),\n', "", by("web/client/me/test_own_copy", "three_forms")),
)  # fmt: skip
