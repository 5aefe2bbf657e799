"""The demonstration inside this process, seeded once: a signed-in person of each kind, and ids of what they have."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text, update
from werkzeug.routing import Rule

from portal import clock
from portal.access.models import ApiToken
from portal.access.passkeys import NewPasskey, add_passkey
from portal.access.permissions import Permission, Role, may
from portal.accounts.facebook.signed_request import Callback
from portal.accounts.links import Purpose, issue_link
from portal.accounts.models import Account, AccountDevice, AccountPasskey, AccountSession
from portal.app import create_app
from portal.config import Settings
from portal.customers.models import Customer
from portal.demo.objections import WAITING
from portal.demo.seeding import seed
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.infrastructure.one_time_tokens import write_token
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair
from portal.instructions.models import Instruction
from portal.instructions.sending.mails import PURPOSE
from portal.lookups.archive.opening import open_archive
from portal.lookups.grounds import ArchiveGround
from portal.lookups.models import AlertKind, CustomerLookup, ReadingAlert
from portal.lookups.opening import open_lookup
from portal.lookups.watching.counting import this_hour
from portal.personal_data.erasure.planning import plan
from portal.personal_data.erasure.scheduling import CANCEL, STATUS, issue_cancel, schedule, status_token_id
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import restrict
from portal.preferences.feed.reading import unsubscribe_links
from portal.rights.facebook.callbacks import confirmation_code
from portal.rights.items.models import RequestItem
from portal.rights.items.proposing import USES
from portal.rights.models import RequestDraft, RightsRequest
from portal.staff.members.invitation import invite, link_of
from portal.staff.models import StaffMember, StaffPasskey, StaffSession
from portal.web.sessions import hash_token
from tests.support.acting.browser import Browser
from tests.support.approvals import proposed
from tests.support.cases import take

Values = dict[str, str]

# What a GET may write: that a look happened, that an answer was opened, when a session or token was last used, and counts of tries.
MAY_CHANGE = {
    "account_sessions": {"last_used_at"}, "staff_sessions": {"last_used_at"}, "api_tokens": {"last_used_at"},
    "account_devices": {"last_seen_at"}, "dispatches": {"state", "at"},
}  # fmt: skip
MAY_GROW = {"audit_events", "audit_head", "access_log_entries", "rate_counts", "reading_hours", "whole_base_looks"}

_PLACE = re.compile(r"<(?:[a-z]+:)?[a-z_]+>")


@dataclass
class Demonstration:
    """A seeded app; `people` is the content of demo.json, `values` the identifiers that each kind of caller has."""

    app: Flask
    people: dict[str, Any]
    browsers: dict[str, Browser]
    values: dict[str, Values]

    def path(self, rule: Rule, whose: str) -> str:
        """Return the address of a route with the identifiers of `whose`."""
        return fill(rule.rule, self.values[whose])


def fill(rule: str, values: Mapping[str, str]) -> str:
    """Return a route's address: each placeholder becomes what `values` holds for the route up to that placeholder.

    A whole route stands there with its address where the rest of it belongs to another case than the other routes'.
    """
    if "<" in rule and rule in values:
        return values[rule]
    path, end = "", 0
    for place in _PLACE.finditer(rule):
        before = rule[: place.start()]
        assert before in values, f"{rule}: say in tests/support/demonstration.py what stands after {before}"
        path += rule[end : place.start()] + values[before]
        end = place.end()
    return path + rule[end:]


def make_app(folder: Path) -> Flask:
    """Return an app on an installation of its own, its database migrated and empty."""
    sealing, opening = new_sealing_pair()
    settings = Settings(
        instance=folder, database_url=f"sqlite:///{folder / 'portal.sqlite'}", storage_url=f"file://{folder / 'storage'}",
        mail_url=f"console:{folder / 'mail'}", secret_key="a secret of the tests, long enough to be taken",
        master_keys=new_master_keys(), sealing_key=sealing, opening_keys=opening, public_url="http://localhost:8000",
        ledger_url=f"file://{folder}-ledger", ledger_key=new_master_keys(), tombstone_keys=new_master_keys(),
    )  # fmt: skip
    app = create_app(settings)
    with app.app_context():
        upgrade()
    return app


def make_demonstration(folder: Path) -> Demonstration:
    """Seed an app, sign somebody of each kind in, and gather the identifiers of what they have."""
    app = make_app(folder)
    with app.app_context():
        people = seed()
        demo = Demonstration(app, people, _browsers(app, people), {})
        take(demo.browsers[Role.REVIEWER], _reference_with_document())
        demo.values = _values(demo)
        db.session.remove()
    return demo


def _browsers(app: Flask, people: dict[str, Any]) -> dict[str, Browser]:
    browsers = {"nobody": Browser(app)}
    for name, person in (("customer", people["customers"][0]), ("stranger", people["customers"][1])):
        browsers[name] = Browser(app)
        browsers[name].get("/sign-in").submit(_without(person, {"email", "password"}), with_field="password")
    for person in people["staff"]:
        browser = browsers[person["role"]] = Browser(app)
        page = browser.get("/staff/sign-in").submit(_without(person, {"email", "password"}), with_field="password")
        page.submit({"code": pyotp.TOTP(person["totp_secret"]).now()}, with_field="code")
    return browsers


def _without(person: dict[str, str], kept: set[str]) -> dict[str, str]:
    return {name: value for name, value in person.items() if name in kept}


def _values(demo: Demonstration) -> dict[str, Values]:
    common = {
        "/data/": "identity", "/data/<category>/": "customer_file", "/data/<category>/statements/": "unknown",
        "/requests/new/": "access", "/feed/v1/problems/": "404", "/static/": "css/portal.css",
        "/staff/customers/<public_id>/": "identity", "/staff/documents/<public_id>/": "1",
        "/answers/<public_id>/file/": "unknown", "/staff/retention/": "rate_counts",
        "/feed/v1/preferences/": "C-1001", "/feed/v1/unsubscribe-links/": "C-1001",
    }  # fmt: skip
    common |= _tokens(demo.app) | _staff_values() | _lookups(Role.SUPPORT) | _approval(Role.OFFICER)
    values = {name: common | _customer_values(demo, name) for name in ("customer", "stranger")}
    values["nobody"] = values["machine"] = values["customer"]
    for role in Role:
        values[role] = values["customer"] | _lookups(role) | _approval(role)
    return values


def _tokens(app: Flask) -> Values:
    settings = app.extensions["settings"]
    with transaction() as session:
        # Not the account of the calling customer: they are signed in to that one, so its links would ask no password.
        account = session.execute(select(Account).order_by(Account.id.desc()).limit(1)).scalar_one()
        new = {"email": "new@example.net", "email_normalised": "new@example.net"}
        links = {purpose: issue_link(account.id, purpose, **new).public_id for purpose in Purpose}
        invitation = link_of(invite("new@example.org", "Nouvelle", Role.SUPPORT, actor="command"), settings)
        person = session.execute(select(Customer).order_by(Customer.id.desc()).limit(1)).scalar_one()
        usage = Scope(Extent.CATEGORIES, ("usage",))
        erasure = schedule(person, usage, plan(person.id, usage))
        cancels, status = issue_cancel(erasure), status_token_id(erasure)
        told = session.execute(select(Instruction).order_by(Instruction.id).limit(1)).scalar_one()
        link = write_token(settings.secret_key, PURPOSE, told.public_id)
        told.token_hash = hash_token(link)
    return {
        "/instruction/": link,
        "/feed/v1/instructions/": told.public_id,
        "/confirm/": write_token(settings.secret_key, Purpose.CONFIRM_ADDRESS, links[Purpose.CONFIRM_ADDRESS]),
        "/password/reset/": write_token(settings.secret_key, Purpose.RESET_PASSWORD, links[Purpose.RESET_PASSWORD]),
        "/address/confirm/": write_token(settings.secret_key, Purpose.CHANGE_ADDRESS, links[Purpose.CHANGE_ADDRESS]),
        "/address/not-me/": write_token(settings.secret_key, Purpose.DENY_CHANGE, links[Purpose.DENY_CHANGE]),
        "/staff/invitation/": invitation.rpartition("/")[2],
        "/erasure/": write_token(settings.secret_key, STATUS, status),
        "/erasure/cancel/": write_token(settings.secret_key, CANCEL, cancels),
        "/unsubscribe/": unsubscribe_links(["C-1001"], settings.secret_key)["C-1001"],
        "/facebook/deletion/": confirmation_code(Callback("218471", clock.now())),
    }


def _staff_values() -> Values:
    return {
        "/staff/requests/": _reference_with_document(),
        "/staff/requests/<reference>/items/": str(
            _first(
                select(RequestItem.id).join(RightsRequest).where(RightsRequest.reference == _reference_with_document())
            )
        ),
        "/staff/requests/<reference>/items/<int:item_id>/records/": "1",
        "/staff/requests/<reference>/uses/<int:item_id>": _use_to_weigh(),
        "/staff/members/": _first(select(StaffMember.public_id).where(StaffMember.role == Role.SUPPORT)),
        "/staff/tokens/": _first(select(ApiToken.public_id)),
        "/staff/documents/": _first(_documents_of("C-1009")),
        "/staff/reading/": _reading_alert(),
        "/staff/holds/": _first(select(LegalHold.public_id)),
        "/staff/instructions/": _first(select(Instruction.public_id)),
        "/staff/restrictions/": _restriction("C-1010", "usage"),
        "/staff/retention/": "records",
        "/staff/account/sessions/": _first(select(StaffSession.public_id)),
        "/staff/account/passkeys/": _passkey(StaffPasskey, staff_id=_first(select(StaffMember.id))),
    }


def _reading_alert() -> str:
    member_id = _first(select(StaffMember.id).where(StaffMember.role == Role.REVIEWER))
    with transaction() as session:
        alert = ReadingAlert(staff_id=member_id, kind=AlertKind.UNUSUAL, hour=this_hour(), looks=30, usual=20)
        session.add(alert)
        session.flush()
        return alert.public_id


def _restriction(number: str, category: str) -> str:
    with transaction():
        return restrict(_customer_id(number), None, Ground18.CLAIMS, [category]).public_id


def _passkey(model: Any, **owner: int) -> str:
    with transaction():
        add_passkey(model, NewPasskey(f"{model.__tablename__}-{owner}", b"", 0), "Clé", **owner)
    return str(_first(select(model.public_id).filter_by(**owner)))


def _customer_values(demo: Demonstration, name: str) -> Values:
    """Return the identifiers of what a customer has; of a kind that they have none of, somebody else's."""
    browser = demo.browsers[name]
    with transaction() as session:  # the first browser of an account is no doubt, and pages of identity want one
        session.execute(update(AccountDevice).values(is_first=False))
    browser.get("/requests/new/portability").submit({"scope": "all", "destination": "Autre"}, with_field="scope")
    customer_id = _customer_id("C-1001" if name == "customer" else "C-1002")
    drafts = select(RequestDraft.public_id).where(
        RequestDraft.customer_id == customer_id, RequestDraft.sent_at.is_(None)
    )
    draft = _first(drafts.order_by(RequestDraft.id.desc()))
    sessions = select(AccountSession.public_id).join(Account, Account.id == AccountSession.account_id)
    return {
        "/data/on-hold/": _restriction("C-1001" if name == "customer" else "C-1002", "technical"),
        "/requests/": _first(select(RightsRequest.reference).where(RightsRequest.customer_id == customer_id)),
        "/requests/drafts/": draft,
        "/requests/identity/": draft,
        "/requests/identity/<code>/document/": _first(_documents_of("C-1009")),
        "/requests/identity/<code>/document/<public_id>/": "1",
        "/requests/identity/<code>/uploads/": "0" * 32,
        "/requests/identity/<code>/uploads/<public_id>/": "0",
        "/answers/": _first(select(AnswerPackage.public_id)),
        "/answers/<public_id>/file/": "0" * 32,
        "/account/sessions/": _first(sessions.where(Account.customer_id == customer_id)),
        "/account/second-step/passkeys/": _passkey(
            AccountPasskey, account_id=_first(select(Account.id).where(Account.customer_id == customer_id))
        ),
    }


def _lookups(role: Role) -> Values:
    with transaction() as session:
        member = session.execute(select(StaffMember).where(StaffMember.role == role)).scalars().first()
        customer = session.get_one(Customer, _customer_id("C-1001"))
        assert member is not None
        if not (may(role, Permission.LOOK_UP_CUSTOMER) or may(role, Permission.SEE_MARKETING)):
            return {}
        lookup = open_lookup(member, customer, "Appel de la cliente ce matin", None).public_id
    return {"/staff/customers/": lookup, "/staff/marketing/customers/": lookup} | _archive(role)


def _archive(role: Role) -> Values:
    """Return an opening of the archive of somebody whose relation ended, for the role that may open it."""
    if not may(role, Permission.OPEN_ARCHIVE):
        return {"/staff/archive/": "0" * 32}
    with transaction() as session:
        member = session.execute(select(StaffMember).where(StaffMember.role == role)).scalars().first()
        assert member is not None
        opened = open_archive(member, "C-1013", ArchiveGround.LITIGATION, "Facture contestée au tribunal")
        assert isinstance(opened, CustomerLookup)
        return {"/staff/archive/": opened.public_id}


def _approval(role: Role) -> Values:
    """Return a proposal of a member's own, which the page opens for any role."""
    email = _first(select(StaffMember.email).where(StaffMember.role == role))
    return {"/staff/approvals/": proposed(email, email)}


def _documents_of(number: str) -> Any:
    return select(IdentityDocument.public_id).where(IdentityDocument.customer_id == _customer_id(number))


def _reference_with_document() -> str:
    return _first(select(RightsRequest.reference).where(RightsRequest.customer_id == _customer_id("C-1009")))


def _use_to_weigh() -> str:
    theirs = select(RightsRequest.reference, RequestItem.id).join(RequestItem).where(RequestItem.part == USES)
    waiting = theirs.where(RightsRequest.customer_id == _customer_id(WAITING))
    reference, item_id = db.session.execute(waiting).one()
    return f"/staff/requests/{reference}/uses/{item_id}"


def _customer_id(number: str) -> int:
    return int(_first(select(Customer.id).where(Customer.external_id == number)))


def _first(statement: Any) -> Any:
    return db.session.execute(statement.limit(1)).scalar_one()


def walkable(app: Flask, method: str) -> Iterator[Rule]:
    """Yield the routes that take a method, in the order of their addresses."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if method in (rule.methods or ()):
            yield rule


def snapshot(app: Flask) -> dict[str, str]:
    """Return a digest of each table, without what a GET may write."""
    found = {}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            if table.name in MAY_GROW:
                continue
            columns = [column.name for column in table.columns if column.name not in MAY_CHANGE.get(table.name, set())]
            keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
            names = ", ".join(f'"{name}"' for name in columns)
            digest = hashlib.sha256()
            for row in db.session.execute(text(f'SELECT {names} FROM "{table.name}" ORDER BY {keys}')):
                digest.update(repr(tuple(row)).encode())
            found[table.name] = digest.hexdigest()
        db.session.remove()
    return found
