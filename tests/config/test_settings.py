"""Settings: every fault at once, no default secret, values never repeated."""

from pathlib import Path

import pytest

from portal.app import create_app
from portal.config import Settings, SettingsFault
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair


def environment(folder: Path, **changes: str) -> dict[str, str]:
    sealing, opening = new_sealing_pair()
    return {
        "PORTAL_INSTANCE": str(folder),
        "PORTAL_SECRET_KEY": "x" * 40,
        "PORTAL_MASTER_KEYS": new_master_keys(),
        "PORTAL_SEALING_KEY": sealing,
        "PORTAL_OPENING_KEYS": opening,
        "PORTAL_LEDGER_KEY": new_master_keys(),
        "PORTAL_TOMBSTONE_KEYS": new_master_keys(),
        "PORTAL_PUBLIC_URL": "https://privacy.example.org",
    } | changes


def test_the_embedded_default_needs_only_keys_and_address(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path}/portal.sqlite"
    assert settings.is_https


def test_an_empty_environment_lists_every_missing_value(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault) as caught:
        Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    for name in ("SECRET_KEY", "MASTER_KEYS", "SEALING_KEY", "LEDGER_KEY", "TOMBSTONE_KEYS", "PUBLIC_URL"):
        assert f"PORTAL_{name}: is missing" in str(caught.value)


def test_faults_come_together_and_never_repeat_a_value(tmp_path: Path) -> None:
    wrong = environment(
        tmp_path, PORTAL_SECRET_KEY="short-secret", PORTAL_PUBLIC_URL="http://privacy.example.org",
        PORTAL_AUDIENCES="customer,everyone", PORTAL_DATABASE_URL="mysql://x", PORTAL_TRUSTED_PROXIES="somewhere",
    )  # fmt: skip
    with pytest.raises(SettingsFault) as caught:
        Settings.from_environment(wrong)
    assert len(caught.value.faults) == 5
    assert "short-secret" not in str(caught.value)
    assert "must be https, except on localhost" in str(caught.value)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("y" * 40 + "\n")
    values = environment(tmp_path)
    del values["PORTAL_SECRET_KEY"]
    assert Settings.from_environment(values | {"PORTAL_SECRET_KEY_FILE": str(secret)}).secret_key == "y" * 40


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "PORTAL_OPENING_KEYS_FILE: No such file"),
        (b"\x8a\xff" * 40, "PORTAL_OPENING_KEYS_FILE: it is no text"),
    ],
)
def test_a_key_file_that_is_missing_or_broken_is_named(tmp_path: Path, content: bytes | None, fault: str) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)
    with pytest.raises(SettingsFault, match=fault):
        Settings.from_environment(
            environment(tmp_path) | {"PORTAL_OPENING_KEYS": "", "PORTAL_OPENING_KEYS_FILE": str(key)}
        )


def test_keys_that_were_cut_short_are_named_and_nothing_starts(settings: Settings) -> None:
    cut = {name: str(getattr(settings, name))[:20] for name in ("sealing_key", "opening_keys")}
    with pytest.raises(SettingsFault) as caught:
        create_app(settings.model_copy(update=cut))
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["PORTAL_SEALING_KEY", "PORTAL_OPENING_KEYS"]
    assert cut["opening_keys"][3:] not in str(caught.value)


def test_the_environment_wins_over_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text(
        "PORTAL_PUBLIC_URL=http://localhost:1\nPORTAL_SCANNER_URL=clamd://localhost:3310\n"
    )
    settings = Settings.from_environment(environment(tmp_path))
    assert settings.public_url == "https://privacy.example.org"
    assert settings.scanner_url == "clamd://localhost:3310"


def test_staff_cannot_be_served_without_opening_keys(tmp_path: Path) -> None:
    values = environment(tmp_path)
    del values["PORTAL_OPENING_KEYS"]
    with pytest.raises(SettingsFault, match="PORTAL_OPENING_KEYS is needed"):
        Settings.from_environment(values)
    assert Settings.from_environment(values | {"PORTAL_AUDIENCES": "customer,public"}).opening_keys is None


@pytest.mark.parametrize("audiences", ["public", "customer", "public,feed", "customer,staff"])
def test_what_people_use_in_one_go_is_served_together(tmp_path: Path, audiences: str) -> None:
    with pytest.raises(SettingsFault, match="PORTAL_AUDIENCES: public and customer go together"):
        Settings.from_environment(environment(tmp_path, PORTAL_AUDIENCES=audiences))


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path))
    assert settings.secret_key not in repr(settings)
    assert settings.master_keys not in repr(settings)


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.7"])
def test_personal_data_do_not_go_to_another_machine_in_clear(tmp_path: Path, host: str) -> None:
    address = f"postgresql://portal:x@{host}/portal?connect_timeout=5&sslmode=disable"
    with pytest.raises(SettingsFault, match="PORTAL_DATABASE_URL: sslmode=disable") as caught:
        Settings.from_environment(environment(tmp_path, PORTAL_DATABASE_URL=address))
    assert host not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://portal:x@db.example.org/portal?sslmode=verify-full",
        "postgresql://portal:x@localhost/portal?sslmode=disable",
        "postgresql:///portal?host=/run/postgresql&sslmode=disable",
    ],
)
def test_a_database_on_this_machine_or_behind_tls_is_taken(tmp_path: Path, address: str) -> None:
    assert Settings.from_environment(environment(tmp_path, PORTAL_DATABASE_URL=address)).database_url == address


def test_a_ledger_inside_the_instance_folder_is_refused(tmp_path: Path) -> None:
    """Whoever copies the folder back would copy the ledger back with it."""
    inside = environment(tmp_path, PORTAL_LEDGER_URL=f"file://{tmp_path}/ledger")
    with pytest.raises(SettingsFault, match="PORTAL_LEDGER_URL lies in the instance folder"):
        Settings.from_environment(inside)
