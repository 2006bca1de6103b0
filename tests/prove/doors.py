"""S1 to S8 broken, one rule at a time: who gets in, and what a browser may do."""

from tests.prove.mutation import Mutation, by, plain

GUARD, IDENTITY, CSRF = (f"webapp/web/{name}.py" for name in ("guard", "identity", "csrf"))
ACCOUNTS, PASSKEYS = "webapp/care/accounts.py", "webapp/care/passkeys.py"
CHALLENGES, PASSWORDS = "webapp/care/challenges.py", "webapp/care/passwords.py"
HEADERS, STATUSES = "webapp/web/headers.py", "webapp/care/statuses.py"
HOSTS, RESOLVING, PUSH = (
    f"webapp/notify/channels/{name}.py" for name in ("hosts", "resolving", "push")
)

BREAKS = (
    # S1: one policy; strangers get 404; programs are walled off
    Mutation("S1", GUARD, "if guard != ENTERING and (guard is None or not may(person, Permission(guard))):", "if False:", by("web/test_matrix", "theo")),
    Mutation("S1", GUARD, "return _elsewhere(person.kind) or abort(404)", "return _elsewhere(person.kind) or abort(403)", by("web/test_matrix", "theo")),
    Mutation("S1", "webapp/care/access.py", "Permission.STEER: lead,", "Permission.STEER: staff,", by("web/test_matrix", "theo")),
    Mutation("S1", "webapp/care/teams.py", "return found.where(or_(Person.id == me.id, in_care_of(me, Person.id)))", "return found", by("web/test_matrix", "theo or colin")),
    Mutation("S1", "webapp/care/teams.py", "found = select(Person).where(Person.program_id == me.program_id)\n    if", "found = select(Person)\n    if",
      by("web/test_matrix", "greta")),
    Mutation("S1", "webapp/web/api/contract/lookups.py", "Person.program_id == tokens.program_id(), Person.ref", "Person.ref", by("web/test_matrix", "another_programs")),
    Mutation("S1", "webapp/web/api/contract/tokens.py", "if scope not in token.scopes:", "if False:", by("web/test_matrix", "scopes_name")),
    Mutation("S1", "tests/web/audiences.py", '    "staff.timeliness.show": ALL_LEADS,\n', "", by("web/test_matrix", "every_route")),
    Mutation("S1", "webapp/web/staff/timeliness.py", "@needs(Permission.PROVE)\n", "", plain("house/test_routes")),
    # S2: logins are rows
    Mutation("S2", IDENTITY, '    end("signed_in_again")\n', "", by("web/test_sign_in", "signing_in_again")),
    Mutation("S2", ACCOUNTS, "login.secret_hash, login.seen_at = hashed(secret), now\n", "login.seen_at = now\n", by("web/account/test_unlock", "changes_the_cookie")),
    Mutation("S2", ACCOUNTS, "            self.ended_at is None\n            and self.made_at", "            self.made_at", by("web/test_sign_in", "copied")),
    Mutation("S2", ACCOUNTS, "            and self.person.status != Status.DISCHARGED\n", "", by("care/test_accounts", "has_left")),
    Mutation("S2", STATUSES, '        accounts.end_all(store, person, "discharged", by=by, now=now)\n', "", by("care/test_accounts", "taken_up_again")),
    Mutation("S2", ACCOUNTS, "    void_links(store, person, now=now)\n    for login", "    for login", by("care/test_accounts", "taken_up_again")),
    Mutation("S2", ACCOUNTS, "        if login.id != but:\n", "        if False:\n", by("web/client/me/test_me", "all_other_sign_ins")),
    Mutation("S2", "webapp/web/client/me/sign_ins.py", 'login.end(store, "ended_elsewhere", by=places.person(), now=clock.now())', "pass", by("web/client/me/test_me", "another_sign_in")),
    Mutation("S2", "webapp/web/account/passkeys.py", 'accounts.end_all(store, person, "passkey_removed", by=person, now=now, but=places.login().id)', "pass", by("web/account/test_passkeys", "ends_the_other_logins")),
    Mutation("S2", ACCOUNTS, "FRESH = timedelta(minutes=10)", "FRESH = timedelta(minutes=30)", by("web/account/test_fresh", "ten_minutes")),
    Mutation("S2", GUARD, "if guard not in FRESH and guard != ENTERING:", "if True:", by("web/account/test_fresh", "leads_to_the_proof")),
    # S3: passkeys
    Mutation("S3", PASSKEYS, "expected_origin=house.origin, require_user_verification=True,", "expected_origin=house.origin, require_user_verification=False,",
      by("web/account/test_passkeys", "registers_nothing")),
    Mutation("S3", PASSKEYS, "credential_current_sign_count=0, require_user_verification=True,", "credential_current_sign_count=0, require_user_verification=False,",
      by("web/account/test_passkeys", "lets_nobody_in")),
    Mutation("S3", PASSKEYS, "            user_verification=UserVerificationRequirement.REQUIRED,\n", "", by("web/account/test_passkeys", "asks_for_verification")),
    Mutation("S3", CHALLENGES, "    spent = delete(Challenge).where(", "    from sqlalchemy import update\n\n    spent = update(Challenge).values(purpose=purpose).where(",
      by("web/account/test_passkeys", "one_answer")),
    Mutation("S3", CHALLENGES, "LASTS = timedelta(minutes=5)", "LASTS = timedelta(minutes=15)", by("web/account/test_passkeys", "five_minutes")),
    Mutation("S3", CHALLENGES, "Challenge.browser_hash == hashed(browser), Challenge", "Challenge", by("web/account/test_passkeys", "browser_that_asked")),
    Mutation("S3", CHALLENGES, "Challenge.question == question, Challenge.purpose == purpose,", "Challenge.question == question,",
      by("web/account/test_passkeys", "for_signing_in_registers")),
    Mutation("S3", PASSKEYS, "(Passkey.sign_count < count) | (Passkey.sign_count == 0)", "Passkey.sign_count >= 0", by("web/account/test_passkeys", "doubled")),
    Mutation("S3", PASSKEYS, "return passkey if named == passkey.user_handle else None", "return passkey", by("web/account/test_passkeys", "bent_answer_lets")),
    # S3: passwords, second factors, links, time
    Mutation("S3", PASSWORDS, "    if breached(password):\n", "    if False:\n", by("web/account/test_passwords", "short_known")),
    Mutation("S3", PASSWORDS, "    if len(password) < least:\n", "    if False:\n", by("web/account/test_passwords", "short_known")),
    Mutation("S3", PASSWORDS, "    if _names(person, password):\n", "    if False:\n", by("web/account/test_passwords", "short_known")),
    Mutation("S3", ACCOUNTS, "return self.person.kind != Kind.STAFF or self.strong", "return True", by("web/account/test_second_step", "password_alone")),
    Mutation("S3", GUARD, "if coming and _owes(coming):", "if False:", by("web/account/test_second_step", "sets_up_no_other")),
    Mutation("S3", "webapp/care/second_factors.py", ".where(Authenticator.id == known.id, Authenticator.last_step < step)", ".where(Authenticator.id == known.id)",
      by("web/account/test_second_step", "code_is_good_once")),
    Mutation("S3", "webapp/care/second_factors.py", "DRIFT = 1", "DRIFT = 4", by("web/account/test_second_step", "half_a_minute")),
    Mutation("S3", "webapp/care/recovery_codes.py", "            RecoveryCode.spent_at.is_(None),\n        )\n        .values", "        )\n        .values",
      by("web/account/test_second_step", "stands_once")),
    Mutation("S3", "webapp/web/sign_in.py", "found = accounts.link_of(store, secret, clock.now())",
      "found = accounts.spend_link(store, secret, now=clock.now())\n    store.commit()", by("web/test_sign_in", "link")),
    Mutation("S3", ACCOUNTS, "Link.spent_at.is_(None)).values(spent_at=now)", "Link.spent_at.is_(None)).values(spent_at=None)", by("care/test_accounts", "spent_once")),
    Mutation("S3", ACCOUNTS, "        void_links(store, person, now=now)\n    secret", "        pass\n    secret", by("web/account/test_recovery", "somebody_kept")),
    Mutation("S3", PASSKEYS, "    accounts.void_links(store, person, now=now)\n", "", by("web/account/test_recovery", "somebody_kept")),
    Mutation("S3", "webapp/care/ways_in.py", "    person.password_hash = None\n", "", by("web/account/test_recovery", "ends_the_password")),
    Mutation("S3", ACCOUNTS, "link.spent_at is not None or link.expires_at <= as_of", "link.spent_at is not None", by("care/test_accounts", "link_ends")),
    Mutation("S3", ACCOUNTS, "timedelta(minutes=15)}", "timedelta(minutes=45)}", by("care/test_accounts", "sooner_for_staff")),
    Mutation("S3", ACCOUNTS, "IDLE_OTHERWISE = timedelta(hours=1)", "IDLE_OTHERWISE = timedelta(hours=3)", by("care/test_accounts", "sooner_for_staff")),
    Mutation("S3", ACCOUNTS, "OVERALL = timedelta(hours=24)", "OVERALL = timedelta(hours=48)", by("care/test_accounts", "outlives_a_day")),
    Mutation("S3", GUARD, "if identity.locked() and _carries():", "if False:", by("web/account/test_unlock", "too_late")),
    # S4: push endpoints
    Mutation("S4", HOSTS, 'if url.scheme != "https" or port != 443:', "if False:", plain("notify/test_push_hosts", "nothing_else")),
    Mutation("S4", HOSTS, 'if host not in self.exact and not host.endswith(self.suffixes or ("\\0",)):', "if False:", plain("notify/test_push_hosts", "nothing_else")),
    Mutation("S4", HOSTS, "self.suffixes = tuple(entry[1:] for", "self.suffixes = tuple(entry[2:] for", plain("notify/test_push_hosts", "nothing_else")),
    Mutation("S4", HOSTS, "if url.raw_user is not None or url.raw_password is not None or url.fragment:", "if False:", plain("notify/test_push_hosts", "nothing_else")),
    Mutation("S4", HOSTS, "inner = ip.ipv4_mapped or ip.sixtofour", "inner = ip.sixtofour", plain("notify/test_push_hosts")),
    Mutation("S4", HOSTS, "return ip.is_global and not ip.is_multicast and not ip.is_reserved", "return True", plain("notify/test_push_hosts")),
    Mutation("S4", RESOLVING, 'public = [each for each in found if is_public(each["host"])]', "public = found", plain("notify/test_push_hosts")),
    Mutation("S4", PUSH, "allow_redirects=False", "allow_redirects=True", plain("notify/test_push", "redirect")),
    Mutation("S4", PUSH, "trust_env=False", "trust_env=True", plain("notify/test_push_hosts", "proxy")),
    # S5: an endpoint belongs to one person
    Mutation("S5", "webapp/care/addresses.py", '            other.stop(store, "moved_to_another_person", by=by, now=now)\n', "            pass\n", by("care/test_people", "unbound")),
    Mutation("S5", "webapp/web/sign_in.py", "        _forget_device(login.person, device)\n", "        pass\n", by("web/client/me/test_devices", "signing_out")),
    Mutation("S5", "webapp/web/pwa/leaving.py", "device.person_id == login.person_id and device.channel", "device.channel", by("web/test_leaving", "nobody_elses")),
    Mutation("S5", "static/js/leave.js", 'if (endpoint) body.set("endpoint", endpoint);', "", by("web/client/test_behaviours", "both_sides")),
    # S6: nothing stays behind
    Mutation("S6", HEADERS, 'response.headers.setdefault("Cache-Control", "no-store")', "pass", by("web/test_headers", "cache")),
    Mutation("S6", "webapp/web/sign_in.py", "    answer.headers[\"Clear-Site-Data\"] = '\"cache\", \"storage\"'\n", "", by("web/test_sign_in")),
    Mutation("S6", "templates/layouts/signed_in.html", '"history": false, ', "", by("web/test_htmx")),
    Mutation("S6", "templates/pwa/service-worker.js", 'const PAGES = ["/offline", "/crisis"];', 'const PAGES = ["/offline", "/crisis", "/sign-in"];', plain("web/pwa/test_service_worker", "only_shell")),
    Mutation("S6", "static/js/phone/vault.js", 'generateKey(AES, false, ["encrypt"', 'generateKey(AES, true, ["encrypt"', by("web/client/test_offline", "cannot_leave")),
    Mutation("S6", "webapp/web/pwa/leaving.py", '    login.end(store, "signed_out", by=login.person, now=now)\n', "", by("web/test_leaving", "first_request")),
    # S7: what a page may run
    Mutation("S7", HEADERS, "\"script-src 'self'\"", "\"script-src 'self' 'unsafe-inline'\"", by("web/test_headers", "inline")),
    Mutation("S7", HEADERS, "\"frame-ancestors 'none'\"", "\"frame-ancestors 'self'\"", by("web/test_headers", "inline")),
    Mutation("S7", HEADERS, '    "X-Content-Type-Options": "nosniff",\n', "", by("web/test_headers", "inline")),
    Mutation("S7", HEADERS, '"Cross-Origin-Opener-Policy": "same-origin"', '"Cross-Origin-Opener-Policy": "unsafe-none"', by("web/test_headers", "inline")),
    Mutation("S7", HEADERS, '"Referrer-Policy": "same-origin"', '"Referrer-Policy": "unsafe-url"', by("web/test_headers", "inline")),
    Mutation("S7", HEADERS, 'f"{NEVER_NEEDED}, camera=(), microphone=()"', "MAY_SEE_AND_HEAR", by("web/client/test_connecting", "this_page_alone")),
    Mutation("S7", HEADERS, "max-age=63072000; includeSubDomains", "max-age=3600", by("web/test_headers", "over_https")),
    Mutation("S7", IDENTITY, 'prefix = "__Host-" if settings.secure else ""', 'prefix = ""', by("web/test_headers", "over_https")),
    Mutation("S7", "templates/layouts/signed_in.html", '"extensions": "no-eval", ', "", by("web/test_htmx")),
    Mutation("S7", "templates/layouts/signed_in.html", '"includeIndicatorCSS": false, ', "", by("web/test_htmx")),
    Mutation("S7", "webapp/web/policy_reports.py", "for rule, blocked, page in told[:MOST]:", "for rule, blocked, page in told[:0]:", by("web/test_policy_reports", "both_formats")),
    # S8: only our own pages change anything
    Mutation("S8", GUARD, "if changing and not _token_matches():", "if False:", by("web/test_sign_in", "token")),
    Mutation("S8", GUARD, 'if site not in (None, "same-origin", "none"):', "if False:", by("web/test_sign_in", "from_elsewhere")),
    Mutation("S8", GUARD, "if site is None and origin and urlsplit(origin).netloc != request.host:", "if False:", by("web/test_sign_in", "from_elsewhere")),
    Mutation("S8", GUARD, 'fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]', "fields = []",
      by("web/client/test_absences", "older_page")),
    Mutation("S8", GUARD, "return htmx_response(\"\", 204, redirect=where)", "return redirect(where, 303)", by("web/client/test_absences", "leads_htmx")),
    Mutation("S8", GUARD, "if not csrf.written_by(person, request.form.get(\"csrf_token\", \"\")):", "if False:", by("web/client/test_messages", "stayed_open")),
    Mutation("S8", GUARD, "    if not kept.fits(person):\n", "    if False:\n", by("web/account/test_unlock", "shared_phone")),
    Mutation("S8", GUARD, "fields = kept.carried() if theirs else []", "fields = kept.carried()", by("web/account/test_unlock", "shared_phone")),
    Mutation("S8", "webapp/web/account/passkeys.py", "        wanted = None if known else wanted\n", "", by("web/account/test_unlock", "shared_phone")),
    Mutation("S8", CSRF, 'return _bound_to(f"login {this_login().id}" if me() else f"visit {visit()}")', 'return _bound_to("anybody")', by("web/account/test_unlock", "another_logins")),
)  # fmt: skip
