"""Settings: environment over instance/config.py over defaults; a wrong one is named together with the remedy."""

import stat
import traceback
from pathlib import Path

import pytest

from webapp.config import Settings, SettingsError
from webapp.crypto.keys import KeyTrouble


def test_defaults_are_enough_to_start(tmp_path: Path) -> None:
    settings = Settings.load({}, tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/rejoin.db"
    assert settings.embedded
    assert not settings.secure
    assert settings.smtp_url is None
    assert "web.push.apple.com" in settings.push_hosts


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text(
        "APP_NAME = 'Ours'\nBASE_URL = 'https://filed.example.org'\nPUSH_HOSTS = ['a.example.org', 'b.example.org']\n"
    )
    settings = Settings.load({"REJOIN_BASE_URL": "https://given.example.org/"}, tmp_path)
    assert settings.base_url == "https://given.example.org"
    assert settings.app_name == "Ours"
    assert settings.push_hosts == ("a.example.org", "b.example.org")
    assert settings.secure


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "mysql://localhost/rejoin"),
        ("DATABASE_URL", "sqlite://"),
        ("SECRET_KEYS", "short"),
        ("BASE_URL", "attend.example.org"),
        ("BASE_URL", "https://example.org/below"),
        ("APP_NAME", "x" * 31),
        ("VAPID_SUBJECT", "me@example.org"),
        ("VAPID_SUBJECT", "mailto:root@localhost"),
        ("PUSH_HOSTS", "https://push.example.org"),
        ("SMTP_URL", "http://mail.example.org"),
        ("SMS_URL", "twilio:"),
        ("ZOOM_SECRETS", "a:1,a:2,a:3"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_the_remedy(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({f"REJOIN_{name}": text}, tmp_path)
    assert [line.split()[0] for line in refused.value.complaints] == [f"REJOIN_{name}"]
    assert len(str(refused.value)) > len(name) + 40


def test_all_complaints_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({"REJOIN_LOG_FORMAT": "xml", "REJOIN_BASE_URL": "x"}, tmp_path)
    assert len(refused.value.complaints) == 2


def test_an_unknown_setting_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("APPNAME = 'x'\n")
    with pytest.raises(SettingsError, match=r"APPNAME in .*config\.py is not a setting") as refused:
        Settings.load({"REJOIN_SMTP": "x"}, tmp_path)
    assert "REJOIN_SMTP is not a setting" in str(refused.value)


def test_a_broken_config_file_is_told_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("APP_NAME = \n")
    with pytest.raises(SettingsError, match=r"config\.py cannot be read"):
        Settings.load({}, tmp_path)


def test_secrets_are_not_in_what_settings_print(tmp_path: Path) -> None:
    given = {
        "REJOIN_SMTP_URL": "smtps://me:canary@mail.example.org",
        "REJOIN_DATABASE_URL": "postgresql://me:canary@db/rejoin",
        "REJOIN_SMS_URL": "twilio://AC1:canary@api.example.org",
        "REJOIN_ZOOM_SECRETS": "feed:canary",
        "REJOIN_SECRET_KEYS": "canary" * 8,
    }
    assert "canary" not in repr(Settings.load(given, tmp_path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SMTP_URL", "http://me:canary@mail.example.org"),
        ("DATABASE_URL", "mysql://me:canary@db/rejoin"),
        ("SMS_URL", "canary"),
        ("ZOOM_SECRETS", "a:canary,a:2,a:3"),
        ("SECRET_KEYS", "canary"),
        ("FIELD_KEYS", "canary"),
    ],
)
def test_a_wrong_secret_is_not_in_what_is_said_about_it(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({f"REJOIN_{name}": text}, tmp_path)
    assert "canary" not in "".join(traceback.format_exception(refused.value))


def test_postgresql_is_spoken_to_by_the_driver_we_have(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = Settings.load({"REJOIN_DATABASE_URL": f"{scheme}://db/rejoin"}, tmp_path)
        assert settings.database_url == "postgresql+psycopg://db/rejoin"
        assert settings.database_key is None


def test_a_zoom_feed_has_its_own_secrets_and_the_general_ones(tmp_path: Path) -> None:
    settings = Settings.load({"REJOIN_ZOOM_SECRETS": "all,evening:new,evening:old"}, tmp_path)
    assert settings.zoom_secrets_for("evening") == ("new", "old", "all")
    assert settings.zoom_secrets_for("morning") == ("all",)


def test_push_services_get_a_contact_without_being_told_one(tmp_path: Path) -> None:
    assert Settings.load({}, tmp_path).vapid_subject.startswith("mailto:")
    https = Settings.load({"REJOIN_BASE_URL": "https://attend.example.org"}, tmp_path)
    assert https.vapid_subject == "https://attend.example.org"


def test_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first, second = Settings.load({}, tmp_path / "new"), Settings.load({}, tmp_path / "new")
    assert first.secret_keys == second.secret_keys
    assert first.database_key == second.database_key
    assert first.vapid_key == second.vapid_key
    for name in ("secret.keys", "database.key", "vapid.pem"):
        assert stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) == 0o600
    assert len(first.database_key or b"") == 32


def test_an_instance_that_is_no_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"REJOIN_INSTANCE: .* can't be used as a folder"):
        Settings.load({}, tmp_path / "file")


def test_several_signing_keys_stand_one_a_line(tmp_path: Path) -> None:
    made = Settings.load({}, tmp_path).secret_keys[0]
    (tmp_path / "secret.keys").write_text(f"{'n' * 64}\n{made}\n")
    assert Settings.load({}, tmp_path).secret_keys == ("n" * 64, made)


def test_a_database_without_its_key_is_never_given_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "rejoin.db").write_bytes(b"sealed")
    with pytest.raises(KeyTrouble, match="Put the key back"):
        _ = Settings.load({}, tmp_path).database_key
    assert not (tmp_path / "database.key").exists()


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    _ = Settings.load({}, tmp_path).secret_keys
    (tmp_path / "secret.keys").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        Settings.load({}, tmp_path)


def test_the_key_of_processes_that_start_together_is_one(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from webapp.crypto import keys

    with ThreadPoolExecutor(8) as pool:
        found = set(
            pool.map(lambda _: keys.read_or_make(tmp_path / "a.key", keys.hex_key), range(32))
        )
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]


@pytest.mark.parametrize(
    "text", ["office", "a@b", "a b@c.org", "Office <a@b.org>", "a@b.org,c@d.org"]
)
def test_replies_go_to_one_address_or_the_start_says_so(tmp_path, text):
    with pytest.raises(SettingsError, match="REJOIN_REPLY_TO cannot be used"):
        Settings.load({"REJOIN_REPLY_TO": text}, tmp_path)
    assert Settings.load({"REJOIN_REPLY_TO": "office@b.org"}, tmp_path).reply_to == "office@b.org"
