"""The settings of an installation: read from the environment and `instance/config.py`, checked, documented.

A setting `X` is read from the environment as `REJOIN_X`, else from `instance/config.py` as `X`, else its default
holds. An empty value counts as not set. A wrong value or an unknown name stops the program at start with a message that
says what to do; all problems are listed together.
"""

import ipaddress
import os
import re
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from webapp.crypto import keys
from webapp.crypto.keyring import Keyring
from webapp.crypto.keys import listed

PREFIX = "REJOIN_"
ROOT = Path(__file__).resolve().parent.parent
PUBLIC_PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PUSH_HOST = re.compile(
    r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?|\[[0-9a-f:]+\]:[0-9]{1,5}"
)


class SettingsError(Exception):
    """One or more settings cannot be used. Each line names the setting and the remedy, and contains no secret."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


def _in_instance(text: str, above: ValidationInfo) -> str:
    """`text` with `{instance}` replaced by the instance folder."""
    return text.replace("{instance}", str(above.data["instance"]))


FilePath = Annotated[Path, BeforeValidator(_in_instance), AfterValidator(Path.absolute)]


def _database_url(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and colon:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    raise ValueError("write postgresql://user:password@host/name, or sqlite:////folder/file.db")


def _keys(text: str, above: ValidationInfo) -> tuple[str, ...]:
    """The keys in `text`; without any, those of a file in the instance folder (`secret.keys`), created at first use."""
    file = above.data["instance"] / str(above.field_name).replace("_", ".")
    try:
        return keys.read_keys(text or keys.read_or_make(file, keys.hex_key))
    except keys.KeyTrouble as error:
        raise ValueError(str(error).removesuffix(".")) from error


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the address people open, as https://attend.example.org")
    if parts.path not in {"", "/"}:
        raise ValueError("the app lives at the root of its host: leave the path away")
    return text.rstrip("/")


def _app_name(text: str) -> str:
    if not 1 <= len(text) <= 30 or not text.isprintable():
        raise ValueError("use 1 to 30 printable characters; it stands under a phone's icon")
    return text


def _vapid_subject(text: str, above: ValidationInfo) -> str:
    """The contact in `text`; without one, BASE_URL if it is https."""
    base = above.data.get("base_url", "")
    text = text or (base if base.startswith("https:") else "mailto:hello@example.org")
    if re.fullmatch(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+\.[^\s/]+\S*", text):
        return text
    raise ValueError(
        "push services need a contact: write mailto:you@example.org or an https address"
    )


def _push_hosts(text: str) -> tuple[str, ...]:
    hosts = listed(text.lower())
    wrong = [host for host in hosts if not _PUSH_HOST.fullmatch(host)]
    if wrong or not hosts:
        raise ValueError(f"write host names divided by commas, not {', '.join(wrong) or 'nothing'}")
    return hosts


def _url_of(*schemes: str) -> BeforeValidator:
    def read(text: str) -> str:
        if not re.fullmatch(rf"({'|'.join(schemes)}):/*[^/].*", text, re.DOTALL):
            raise ValueError("begin with " + " or ".join(f"{scheme}:" for scheme in schemes))
        return text

    return BeforeValidator(read)


def _e_mail_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+", text) or not text.isascii():
        raise ValueError("write one e-mail address, as office@example.org")
    return text


def _zoom_secrets(text: str) -> Mapping[str, tuple[str, ...]]:
    secrets: dict[str, tuple[str, ...]] = {}
    for entry in listed(text):
        feed, colon, secret = entry.rpartition(":")
        if not secret or (colon and not feed):
            raise ValueError(
                "write FEED:SECRET divided by commas, or a SECRET alone for every feed"
            )
        secrets[feed] = (*secrets.get(feed, ()), secret)
    if any(len(live) > 2 for live in secrets.values()):
        raise ValueError("at most two secrets of a feed are live at a time: leave the oldest away")
    return secrets


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in listed(text))
    except ValueError as error:
        raise ValueError(f"write addresses or networks, as 10.0.0.0/8, ::1: {error}") from error


def _log_format(text: str) -> str:
    if text == "auto":
        return "console" if sys.stderr.isatty() else "json"
    if text in {"json", "console"}:
        return text
    raise ValueError("choose auto, json or console")


def _setting(default: str | None, doc: str, example: str, *, secret: bool = False) -> Any:
    """A documented setting. `default` is text, parsed like any other value."""
    return Field(default, description=doc, examples=[example], repr=not secret)


class _ConfigFile(InitSettingsSource):
    """Source of settings: the upper-case names of `instance/config.py`; lists become comma-divided text."""

    def __call__(self) -> dict[str, Any]:
        folder = Path(self.current_state.get("instance", ROOT / "instance"))
        path = folder.absolute() / "config.py"
        if not path.exists():
            return {}
        try:
            written = runpy.run_path(str(path))
        except Exception as error:
            raise SettingsError([f"{path} cannot be read: {error}. Mend that line."]) from error
        return {
            _field(name, f"{name} in {path}", but="instance"): ",".join(map(str, value))
            if isinstance(value, list | tuple)
            else str(value)
            for name, value in written.items()
            if name.isupper() and value not in (None, "")
        }


class Settings(BaseSettings):
    """All settings, checked. Created by `Settings.load()`, changed by `model_copy(update=...)`."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    instance: Annotated[Path, AfterValidator(Path.absolute)] = _setting(
        str(ROOT / "instance"),
        "Folder for the database, the keys and config.py. Only from the environment.",
        "/var/lib/rejoin",
    )
    database_url: Annotated[str, BeforeValidator(_database_url), BeforeValidator(_in_instance)] = (
        _setting(
            "sqlite:///{instance}/rejoin.db",
            "Where everything is kept: an encrypted SQLite file, or PostgreSQL for several machines.",
            "postgresql://rejoin@db.internal/rejoin",
            secret=True,
        )
    )
    secret_keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = _setting(
        "",
        "Keys that sign cookies and links, divided by commas: the first signs, the rest verify."
        " Made once in the instance folder.",
        "64-hex-digits-new,64-hex-digits-old",
        secret=True,
    )
    field_keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = _setting(
        "",
        "Keys that seal clinical text in the database, divided by commas: the first seals, the rest open."
        " Made once in the instance folder; several machines need the same.",
        "64-hex-digits-new,64-hex-digits-old",
        secret=True,
    )
    base_url: Annotated[str, BeforeValidator(_base_url)] = _setting(
        "http://localhost:5000",
        "The address people open; links in messages begin with it.",
        "https://attend.example.org",
    )
    app_name: Annotated[str, BeforeValidator(_app_name)] = _setting(
        "My Day",
        "The name on phones, in mails and calendars. Keep it neutral: it must not tell of treatment.",
        "My Day",
    )
    vapid_key_file: FilePath = _setting(
        "{instance}/vapid.pem",
        "Private key that tells push services who sends. Made once when missing.",
        "/run/secrets/vapid.pem",
    )
    vapid_subject: Annotated[str, BeforeValidator(_vapid_subject)] = _setting(
        "",
        "Contact for push services: a mailto: or https: address. Default: BASE_URL when it is https.",
        "mailto:help@example.org",
    )
    push_hosts: Annotated[tuple[str, ...], BeforeValidator(_push_hosts)] = _setting(
        ",".join(PUBLIC_PUSH_HOSTS),
        "Push services that may be called, divided by commas. `*.name` stands for any host below it;"
        " an entry with a port may be plain http and on this machine, for tests.",
        "fcm.googleapis.com,127.0.0.1:8090",
    )
    smtp_url: Annotated[str, _url_of("smtp", "smtps", "file")] | None = _setting(
        None,
        "How e-mail leaves: smtp:// (STARTTLS), smtps://, or file:DIR, which writes .eml files."
        " `?from=ADDRESS` sets the sender. Without it no e-mail is sent.",
        "smtps://user:password@mail.example.org?from=hello@example.org",
        secret=True,
    )
    reply_to: Annotated[str, BeforeValidator(_e_mail_address)] | None = _setting(
        None,
        "Where replies to e-mails go: an address that people of the program read on working days."
        " Without it e-mails say that nobody reads replies.",
        "office@example.org",
    )
    sms_url: Annotated[str, _url_of("twilio", "file")] | None = _setting(
        None,
        "How text messages leave: twilio://ACCOUNT:TOKEN@api.twilio.com?from=NUMBER, or file:DIR."
        " Without it none is sent.",
        "file:/tmp/texts",
        secret=True,
    )
    zoom_secrets: Annotated[Mapping[str, tuple[str, ...]], BeforeValidator(_zoom_secrets)] = (
        _setting(
            "",
            "Secrets that Zoom's events are signed with, FEED:SECRET divided by commas; up to two live ones"
            " of a feed while changing over. A SECRET alone holds for every feed.",
            "evening-iop:new-secret,evening-iop:old-secret",
            secret=True,
        )
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = _setting(
        "",
        "Addresses or networks of the TLS proxies in front; only their X-Forwarded-* is believed.",
        "127.0.0.1,10.0.0.0/8",
    )
    audit_anchors: FilePath = _setting(
        "{instance}/audit.anchors",
        "File to which the worker appends the head of the audit chain; best on another disk, or shipped away.",
        "/mnt/write-once/audit.anchors",
    )
    log_format: Annotated[str, BeforeValidator(_log_format)] = _setting(
        "auto",
        "`json`, `console`, or `auto`: console on a terminal, else json.",
        "json",
    )

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, instance: Path | str | None = None
    ) -> "Settings":
        """Read all settings; `instance` takes precedence over REJOIN_INSTANCE. Creates the folder and missing keys, mode 0600.

        Raises SettingsError with every problem at once.
        """
        given: dict[str, Any] = {
            _field(name.removeprefix(PREFIX), name): text
            for name, text in (os.environ if environ is None else environ).items()
            if name.startswith(PREFIX) and text.strip()
        }
        if instance is not None:
            given["instance"] = str(instance)
        try:
            return cls(**given)
        except OSError as error:
            folder = given.get("instance", ROOT / "instance")
            raise SettingsError(
                [
                    f"{PREFIX}INSTANCE: {folder} can't be used as a folder ({error.strerror}). Name one that may be written to."
                ]
            ) from error
        except ValidationError as error:
            complaints = sorted(_complaint(each) for each in error.errors())
        raise SettingsError(complaints)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *_: Any, **__: Any
    ) -> tuple[Any, ...]:
        """First what `load` found in the environment (the library's own source ignores unknown names), then the file."""
        return init_settings, _ConfigFile(settings_cls, {})

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
        """The keys of clinical text. When they come from the instance folder's file, the keyring follows its changes."""
        file = self.instance / "field.keys"
        kept = file.exists() and keys.read_keys(file.read_text()) == self.field_keys
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
        """The secret by which Twilio signs incoming texts; None when texts are not sent by Twilio."""
        parts = urlsplit(self.sms_url or "")
        return unquote(parts.password or "") or None if parts.scheme == "twilio" else None

    def zoom_secrets_for(self, feed: str) -> tuple[str, ...]:
        """The live signing secrets of one feed, the general ones last; empty when it has none."""
        return (*self.zoom_secrets.get(feed, ()), *self.zoom_secrets.get("", ()))


def _field(name: str, shown_as: str, *, but: str = "") -> str:
    """The model field of the setting `name`; for an unknown name `shown_as`, under which it is then refused."""
    field = name.lower()
    return field if name.isupper() and field in Settings.model_fields and field != but else shown_as


def _complaint(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields).upper()
        return f"{name} is not a setting. Take it away, or correct it to one of: {known}."
    reason = error.get("ctx", {}).get("error", error["msg"])
    return f"{PREFIX}{name.upper()} cannot be used: {reason}."


def loopback(host: str) -> bool:
    """Whether `host` is this machine itself, the only one that may be reached without encryption."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
