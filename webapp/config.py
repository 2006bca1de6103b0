"""Every setting of the product, once: typed, documented, failing loudly with the remedy.

A setting `X` is read from the environment as `REJOIN_X`, else from `instance/config.py` as `X`, else its default
holds. An empty value counts as not given. A wrong value or an unknown name stops the program at once and says what to
do; all complaints are told together, so nobody mends them one start at a time.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from webapp import spellings
from webapp.config_file import SettingsError, written_in
from webapp.crypto import keys
from webapp.crypto.keyring import Keyring

PREFIX = "REJOIN_"
MADE_ONCE = {"secret_keys": "secret.keys", "field_keys": "field.keys"}
"""Settings whose default is a key of our own making, and its file in the instance folder."""
ROOT = Path(__file__).resolve().parent.parent
PUBLIC_PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)


def _setting(
    parse: Callable[[str], Any], default: str | None, doc: str, example: str, *, told: bool = True
) -> Any:
    """A documented field. `default` is text, parsed like any other; `{instance}` in it stands for the folder."""
    return field(
        repr=told, metadata={"parse": parse, "default": default, "doc": doc, "example": example}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. Made by `Settings.load()`, varied by `dataclasses.replace()`."""

    instance: Path = _setting(
        spellings.path,
        str(ROOT / "instance"),
        "Folder for the database, the keys and config.py. Only from the environment.",
        "/var/lib/rejoin",
    )
    database_url: str = _setting(
        spellings.database_url,
        "sqlite:///{instance}/rejoin.db",
        "Where everything is kept: an encrypted SQLite file, or PostgreSQL for several machines.",
        "postgresql://rejoin@db.internal/rejoin",
        told=False,
    )
    secret_keys: tuple[str, ...] = _setting(
        spellings.secret_keys,
        None,
        "Keys that sign cookies and links, divided by commas: the first signs, the rest verify."
        " Made once in the instance folder.",
        "64-hex-digits-new,64-hex-digits-old",
        told=False,
    )
    field_keys: tuple[str, ...] = _setting(
        spellings.secret_keys,
        None,
        "Keys that seal clinical text in the database, divided by commas: the first seals, the rest open."
        " Made once in the instance folder; several machines need the same.",
        "64-hex-digits-new,64-hex-digits-old",
        told=False,
    )
    base_url: str = _setting(
        spellings.base_url,
        "http://localhost:5000",
        "The address people open; links in messages begin with it.",
        "https://attend.example.org",
    )
    app_name: str = _setting(
        spellings.app_name,
        "My Day",
        "The name on phones, in mails and calendars. Keep it neutral: it must not tell of treatment.",
        "My Day",
    )
    vapid_key_file: Path = _setting(
        spellings.path,
        "{instance}/vapid.pem",
        "Private key that tells push services who sends. Made once when missing.",
        "/run/secrets/vapid.pem",
    )
    vapid_subject: str = _setting(
        spellings.vapid_subject,
        None,
        "Contact for push services: a mailto: or https: address. Default: BASE_URL when it is https.",
        "mailto:help@example.org",
    )
    push_hosts: tuple[str, ...] = _setting(
        spellings.push_hosts,
        ",".join(PUBLIC_PUSH_HOSTS),
        "Push services that may be called, divided by commas. `*.name` stands for any host below it;"
        " an entry with a port may be plain http and on this machine, for tests.",
        "fcm.googleapis.com,127.0.0.1:8090",
    )
    smtp_url: str | None = _setting(
        spellings.url_of("smtp", "smtps", "file"),
        None,
        "How e-mail leaves: smtp:// (STARTTLS), smtps://, or file:DIR, which writes .eml files."
        " `?from=ADDRESS` sets the sender. Without it no e-mail is sent.",
        "smtps://user:password@mail.example.org?from=hello@example.org",
        told=False,
    )
    sms_url: str | None = _setting(
        spellings.url_of("twilio", "file"),
        None,
        "How text messages leave: twilio://ACCOUNT:TOKEN@api.twilio.com?from=NUMBER, or file:DIR."
        " Without it none is sent.",
        "file:/tmp/texts",
        told=False,
    )
    zoom_secrets: Mapping[str, tuple[str, ...]] = _setting(
        spellings.zoom_secrets,
        "",
        "Secrets that Zoom's events are signed with, FEED:SECRET divided by commas; up to two live ones"
        " of a feed while changing over. A SECRET alone holds for every feed.",
        "evening-iop:new-secret,evening-iop:old-secret",
        told=False,
    )
    trusted_proxies: tuple[spellings.Network, ...] = _setting(
        spellings.networks,
        "",
        "Addresses or networks of the TLS proxies in front; only their X-Forwarded-* is believed.",
        "127.0.0.1,10.0.0.0/8",
    )
    audit_anchors: Path = _setting(
        spellings.path,
        "{instance}/audit.anchors",
        "File to which the worker appends the head of the audit chain; best on another disk, or shipped away.",
        "/mnt/write-once/audit.anchors",
    )
    log_format: str = _setting(
        spellings.log_format,
        "auto",
        "`json`, `console`, or `auto`: console on a terminal, else json.",
        "json",
    )

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, instance: Path | str | None = None
    ) -> "Settings":
        """Read all settings; `instance` wins over REJOIN_INSTANCE. Makes the folder and missing keys, mode 0600.

        Raises SettingsError with every complaint at once.
        """
        given = {
            name.removeprefix(PREFIX): text
            for name, text in (os.environ if environ is None else environ).items()
            if name.startswith(PREFIX) and text.strip()
        }
        if instance is not None:
            given["INSTANCE"] = str(instance)
        return _checked(given)

    @property
    def vapid_key(self) -> str:
        """The private key that signs pushes, PEM, made once; raises keys.KeyTrouble."""
        return keys.read_or_make(self.vapid_key_file, keys.vapid_key)

    @property
    def database_key(self) -> bytes | None:
        """The key of the encrypted SQLite file, made once; None on PostgreSQL.

        Raises keys.KeyTrouble when the database is there but its key is gone.
        """
        if not self.embedded:
            return None
        guarded = Path(self.database_url.removeprefix("sqlite:///"))
        path = self.instance / "database.key"
        return bytes.fromhex(keys.read_or_make(path, keys.hex_key, guarding=guarded))

    @property
    def keyring(self) -> Keyring:
        """The keys of clinical text; kept in the instance folder's file, it follows what is written there."""
        file = self.instance / "field.keys"
        kept = file.exists() and spellings.secret_keys(file.read_text()) == self.field_keys
        return Keyring(self.field_keys, file if kept else None)

    @property
    def embedded(self) -> bool:
        """True when everything is kept in one encrypted file on this machine."""
        return self.database_url.startswith("sqlite:")

    @property
    def secure(self) -> bool:
        """True when people reach the app over https: cookies are `__Host-`, HSTS is sent."""
        return self.base_url.startswith("https:")

    @property
    def twilio_token(self) -> str | None:
        """What Twilio signs the texts with that it passes on to us; None where texts leave by another way."""
        parts = urlsplit(self.sms_url or "")
        return unquote(parts.password or "") or None if parts.scheme == "twilio" else None

    def zoom_secrets_for(self, feed: str) -> tuple[str, ...]:
        """The live signing secrets of one feed, the general ones last; empty when it has none."""
        return (*self.zoom_secrets.get(feed, ()), *self.zoom_secrets.get("", ()))


def _checked(given: dict[str, str]) -> Settings:
    known = {each.name.upper(): each for each in fields(Settings)}
    instance = spellings.path(given.get("INSTANCE") or str(ROOT / "instance"))
    filed = written_in(instance)
    complaints = [_stranger(PREFIX + name, known) for name in given.keys() - known.keys()]
    complaints += [
        _stranger(f"{name} in {instance / 'config.py'}", known)
        for name in filed.keys() - (known.keys() - {"INSTANCE"})
    ]
    texts = filed | given | {"INSTANCE": str(instance)}
    values: dict[str, Any] = {}
    for name, each in known.items():
        try:
            text = texts[name] if name in texts else _default(each, instance, texts)
            values[each.name] = None if text is None else each.metadata["parse"](text)
        except (ValueError, keys.KeyTrouble) as error:
            complaints.append(f"{PREFIX}{name} cannot be used: {error}.")
    if complaints:
        raise SettingsError(sorted(complaints))
    return Settings(**values)


def _default(setting: "Field[Any]", instance: Path, texts: Mapping[str, str]) -> str | None:
    """The text that holds when nothing is given; some defaults depend on more than themselves."""
    if setting.name in MADE_ONCE:
        return keys.read_or_make(instance / MADE_ONCE[setting.name], keys.hex_key)
    if setting.name == "vapid_subject":
        https = texts.get("BASE_URL", "").startswith("https://")
        return texts["BASE_URL"] if https else "mailto:hello@example.org"
    default: str | None = setting.metadata["default"]
    return default and default.replace("{instance}", str(instance))


def _stranger(name: str, known: Mapping[str, object]) -> str:
    return f"{name} is not a setting. Take it away, or correct it to one of: {', '.join(known)}."
