"""Master keys change while the portal serves: everything opens before, between and after, and nothing needs the old key."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from portal.access.one_time_codes import totp_secret
from portal.access.permissions import Role
from portal.cli import doctor, keys
from portal.infrastructure.database import db
from portal.infrastructure.sealing.keys import KeyMissing, MasterKeys, with_next_master_key
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.people import TOTP_SECRET, People
from tests.support.cases import form_token
from tests.support.packages import build


@pytest.fixture
def use_keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give this process other master keys, as a restart does."""
    return lambda text: monkeypatch.setitem(app.extensions, "master_keys", MasterKeys.parse(text))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(keys, list(arguments))


def download(browser: Browser, address: str) -> int:
    token = form_token(browser.get("/account"))
    return browser.client.post(address, data={"csrf_token": token}, follow_redirects=True).status_code


def secret_of(member_id: int) -> str:
    db.session.rollback()
    return totp_secret(db.session.get_one(StaffMember, member_id))


def test_everything_opens_while_keys_change_and_the_old_one_is_needed_no_more(
    app: Flask, people: People, use_keys: Callable[[str], None]
) -> None:
    old = app.extensions["settings"].master_keys
    customer, member_id = people.signed_in(), people.staff(Role.REVIEWER).id
    address = f"/answers/{build(categories=['identity']).public_id}"
    both = run(app, "next").stdout.strip().removeprefix("PORTAL_MASTER_KEYS=")
    new = both.rpartition(",")[2]
    use_keys(both)
    assert "0 keys are wrapped by v1 now." in run(app, "rotate").stdout
    use_keys(f"{new},{old}")
    assert (download(customer, address), secret_of(member_id)) == (200, TOTP_SECRET)
    assert "FAULT  master keys: wrapped by an older one: 2 by v1" in app.test_cli_runner().invoke(doctor).stdout
    assert run(app, "rotate").stdout.splitlines() == ["2 keys are wrapped by v2 now.", "Nothing needs v1 any more."]
    assert "well   master keys" in app.test_cli_runner().invoke(doctor).stdout
    assert "0 keys" in run(app, "rotate").stdout
    use_keys(new)
    assert (download(customer, address), secret_of(member_id)) == (200, TOTP_SECRET)


def test_without_the_old_key_nothing_is_wrapped_again(
    app: Flask, people: People, use_keys: Callable[[str], None]
) -> None:
    member_id = people.staff(Role.REVIEWER).id
    sealed = db.session.get_one(StaffMember, member_id).sealed_totp_secret
    use_keys(with_next_master_key(app.extensions["settings"].master_keys).rpartition(",")[2])
    result = run(app, "rotate")
    assert result.exit_code == 1
    assert "key version v1 is not configured" in result.output
    db.session.rollback()
    assert db.session.get_one(StaffMember, member_id).sealed_totp_secret == sealed
    with pytest.raises(KeyMissing):
        secret_of(member_id)


def test_more_keys_than_a_slice_are_wrapped_again(app: Flask, people: People, use_keys: Callable[[str], None]) -> None:
    for number in range(101):
        people.staff(Role.SUPPORT, f"s{number}@example.org")
    old = app.extensions["settings"].master_keys
    new = with_next_master_key(old).rpartition(",")[2]
    use_keys(f"{new},{old}")
    assert "101 keys are wrapped by v2 now." in run(app, "rotate").stdout
