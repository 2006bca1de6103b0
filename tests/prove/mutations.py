"""Each line of the safety requirements, broken on purpose: what to replace by what, and the tests that must then fail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` stands once in `file`. `tests` are pytest's words: at least one of them must fail with `new` in its place."""

    line: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


BREAKS = (
    Mutation("P1", "webapp/notify/objections.py", '(and_(_row.consent_category.is_not(None), ~_consented()), "consent"),', "",
             ("tests/notify/test_deliver.py", "-k", "consent_that_ends and sqlite")),
    Mutation("P2", "webapp/care/consents.py", "if not now < expires_at <= now + LONGEST:", "if False:",
             ("tests/care/test_consents.py", "-k", "incomplete and sqlite")),
    Mutation("S1", "webapp/web/guard.py", "if guard != ENTERING and (guard is None or not may(person, Permission(guard))):", "if False:",
             ("tests/web/test_matrix.py", "-k", "theo and sqlite")),
    Mutation("S4", "webapp/notify/channels/hosts.py", 'if url.scheme != "https" or port != 443:', "if False:",
             ("tests/notify/test_push_hosts.py", "-k", "nothing_else")),
    Mutation("S6", "webapp/web/headers.py", 'response.headers.setdefault("Cache-Control", "no-store")', "pass",
             ("tests/web/test_headers.py", "-k", "cache and sqlite")),
    Mutation("S7", "webapp/web/headers.py", "\"script-src 'self'\"", "\"script-src 'self' 'unsafe-inline'\"",
             ("tests/web/test_headers.py", "-k", "inline and sqlite")),
    Mutation("S8", "webapp/web/guard.py", "if changing and not _token_matches():", "if False:",
             ("tests/web/test_sign_in.py", "-k", "token and sqlite")),
    Mutation("S10", "webapp/web/api/hooks/zoom.py", 'hmac.compare_digest(claimed, b"v0=" + _hmac(one, signed))', "True",
             ("tests/web/api/test_zoom_hook.py", "-k", "changed_byte and sqlite")),
    Mutation("S11", "webapp/care/markdown.py", "return Markup(_cleaner.clean(rendered))", "return Markup(source)",
             ("tests/care/test_catchup.py", "-k", "plain_reading")),
    Mutation("S12", "webapp/care/rate_limits.py", "raise TooMany(wait(store, rate, who, now))", "return",
             ("tests/web/test_policy_reports.py", "-k", "only_so_often and sqlite")),
    Mutation("S14", "webapp/care/chain.py", "if link(digest, row.canonical) != row.hash:", "if False:",
             ("tests/care/test_events.py", "-k", "tampering and sqlite")),
    Mutation("S14", "webapp/care/anchors.py", "if anchor.count > count:", "if False:",
             ("tests/care/test_anchors.py", "-k", "cut_off and sqlite")),
    Mutation("S14", "webapp/care/anchors.py", 'elif anchor.count and hashes.get(anchor.count, b"").hex() != anchor.hash:', "elif False:",
             ("tests/care/test_anchors.py", "-k", "rewritten and sqlite")),
    Mutation("S15", "webapp/keyring.py", "raw[NONCE:], place.encode())", 'raw[NONCE:], b"")',
             ("tests/ground/test_sealed.py", "-k", "keyring or Keyring")),
    Mutation("S15", "webapp/sealed.py", "return keyring_of(dialect).seal(value, value.place)", "return str(value)",
             ("tests/care/test_clinical.py", "-k", "sqlite")),
    Mutation("S15", "webapp/keyring.py", "if kind != FORMAT or not body:", "if kind != FORMAT:\n            return sealed\n        if not body:",
             ("tests/ground/test_sealed.py", "-k", "not_believed and sqlite")),
    Mutation("S15", "webapp/care/field_keys.py", "if missing := used - sealed.keyring_of(database.engine.dialect).ids:", "if missing := set():",
             ("tests/cli/test_rotating.py", "-k", "lost_key and sqlite")),
    Mutation("S16", "requirements/sbom.cdx.json", '"bomFormat"', '"bomformat"',
             ("tests/house/test_dependencies.py", "-k", "bill_of_materials_is")),
    Mutation("R3", "webapp/embedded.py", "if tuple(version) < SAFE_SQLITE:", "if False:",
             ("tests/ground/test_db.py",)),
    Mutation("R8", "webapp/care/inbox.py", "if store.scalar(kept.returning(Letter.id)):", "if True:",
             ("tests/web/api/test_zoom_hook.py", "-k", "again and sqlite or replay and sqlite")),
)  # fmt: skip

NONE_YET = {
    "P3": "quiet revocation: the partner's frozen pages are not built",
    "P6": "the redisclosure statement",
    "P8": "emergency access: its review within a day",
    "R2": "SIGKILL: `make faults` kills 200 times instead",
    "R10": "clock changes: golden tables in tests/protocol and tests/care",
}
"""Lines without a mutation so far, and what stands in for one."""
