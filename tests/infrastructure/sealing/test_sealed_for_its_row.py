"""What is sealed for a row opens in that row only, for somebody who can write to the database too."""

from typing import Any

import pytest
from click import ClickException
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from portal.access.one_time_codes import burn_totp_code, totp_secret
from portal.access.permissions import Role
from portal.accounts.models import Account
from portal.exports.delivery import PackageDamaged, check_whole
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db, transaction
from portal.infrastructure.sealing.keys import KeyBroken, MasterKeys, with_next_master_key
from portal.infrastructure.sealing.texts import open_text, seal_text
from portal.staff.models import StaffMember
from tests.support.acting.people import TOTP_SECRET, People
from tests.support.acting.staff_codes import code_at, to_code_page
from tests.support.looking.logs import served_log
from tests.support.packages import build

OWN = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ"


def tell(statement: str, **values: Any) -> None:
    db.session.rollback()
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        connection.execute(text(statement), values)


def column(table: str, name: str, row_id: int) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(text(f"SELECT {name} FROM {table} WHERE id = {row_id}")).scalar_one()


def test_a_member_who_copies_their_secret_to_the_officer_does_not_come_in(app: Flask, people: People) -> None:
    officer_id, member_id = people.staff(Role.OFFICER).id, people.staff(Role.SUPPORT).id
    tell(
        "UPDATE staff_members SET sealed_totp_secret = (SELECT sealed_totp_secret FROM staff_members WHERE id = :own)"
        " WHERE id = :theirs",
        own=member_id, theirs=officer_id,
    )  # fmt: skip
    with pytest.raises(KeyBroken):
        totp_secret(db.session.get_one(StaffMember, officer_id))
    with served_log() as log:
        page = to_code_page(app, "officer@example.org").submit({"code": code_at()}, with_field="code")
    assert (page.status, page.url) == (422, "/staff/sign-in/code"), "refused as any other wrong code"
    assert f"staff_members.sealed_totp_secret:{officer_id}" in log.getvalue()
    with transaction():
        assert burn_totp_code(db.session.get_one(StaffMember, member_id), code_at()), "their own row still opens"


def test_a_key_moved_to_another_package_opens_nothing(app: Flask, people: People) -> None:
    people.signed_in()
    theirs = build(categories=["identity"]).id
    own = build("portability", categories=["identity"]).id
    check_whole(db.session.get_one(AnswerPackage, own))
    moved = {name: column("answer_packages", name, theirs) for name in ("storage_key", "wrapped_key")}
    tell("UPDATE answer_packages SET storage_key = 'elsewhere' WHERE id = :id", id=theirs)
    tell(
        "UPDATE answer_packages SET storage_key = :storage_key, wrapped_key = :wrapped_key WHERE id = :id",
        id=own,
        **moved,
    )
    with pytest.raises(PackageDamaged):
        check_whole(db.session.get_one(AnswerPackage, own))


def sealed_before(people: People) -> tuple[int, int, int]:
    """Make a database of the version before, with secrets and a package as it sealed them; return their rows."""
    people.signed_in()
    package_id = build(categories=["identity"]).id
    member_id, account_id = people.staff(Role.OFFICER).id, people.account("nora@example.org").id
    db.session.remove()
    downgrade(revision="0002")
    sealed = seal_text(OWN, "customer second factor")
    tell("UPDATE accounts SET sealed_totp_secret = :sealed WHERE id = :id", sealed=sealed, id=account_id)
    assert column("staff_members", "sealed_totp_secret", member_id)
    db.session.remove()
    return member_id, account_id, package_id


def test_what_was_sealed_before_is_sealed_for_its_row_and_back(app: Flask, people: People) -> None:
    member_id, account_id, package_id = sealed_before(people)
    with pytest.raises(KeyBroken):
        open_text(column("accounts", "sealed_totp_secret", account_id), f"accounts.sealed_totp_secret:{account_id}")
    for _ in range(2):
        upgrade()
        assert totp_secret(db.session.get_one(StaffMember, member_id)) == TOTP_SECRET
        assert totp_secret(db.session.get_one(Account, account_id)) == OWN
        check_whole(db.session.get_one(AnswerPackage, package_id))
        db.session.remove()
        downgrade(revision="0002")
    upgrade()


def test_without_a_key_the_upgrade_changes_nothing_and_names_it(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id, account_id, _package = sealed_before(people)
    before = column("staff_members", "sealed_totp_secret", member_id)
    both = with_next_master_key(app.extensions["settings"].master_keys)
    with monkeypatch.context() as patch:
        patch.setitem(app.extensions, "master_keys", MasterKeys.parse(both.rpartition(",")[2]))
        with pytest.raises(ClickException, match=f"lacks keys that rows need.*v1: accounts {account_id}"):
            upgrade()
        assert column("staff_members", "sealed_totp_secret", member_id) == before
        upgrade(x_arg=["lost-keys=yes"])
        assert column("staff_members", "sealed_totp_secret", member_id) == before, "what is lost stays as it was"
        db.session.remove()
        downgrade(revision="0002", x_arg=["lost-keys=yes"])
    upgrade()
    assert totp_secret(db.session.get_one(StaffMember, member_id)) == TOTP_SECRET, "put back, the key is all it takes"
