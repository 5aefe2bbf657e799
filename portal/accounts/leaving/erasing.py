"""How an erasure ends a person's account: with every way in, its traces, and registrations of the same address."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from portal.accounts.facebook.linked_identities import FACEBOOK
from portal.accounts.links import Purpose
from portal.accounts.models import (
    Account,
    AccountDevice,
    AccountPasskey,
    AccountRecoveryCode,
    AccountSession,
    AccountToken,
    LinkedIdentity,
)
from portal.accounts.sessions.account_sessions import end_sessions
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import deleted
from portal.personal_data.erasure.contact import known_addresses
from portal.personal_data.erasure.listeners import holds_addresses, holds_numbers, locks, on_seal
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.erasure.tombstones import bury_numbers
from portal.web.audiences import Audience
from portal.web.typed_forms.models import KeptForm
from portal.web.typed_forms.owners import mark_of

_WITH_ACCOUNT = frozenset({Extent.FACEBOOK_ACCOUNT})
_WITH_LINK = frozenset({Extent.FACEBOOK_LINK, Extent.FACEBOOK_ACCOUNT})


def _is_theirs(customer_id: int) -> ColumnElement[bool]:
    """Return the condition that an account is a customer's, or was registered for their address and never proven."""
    unproven = and_(Account.customer_id.is_(None), Account.email_normalised.in_(known_addresses(customer_id)))
    return or_(Account.customer_id == customer_id, unproven)


def _of_account(model: Any, *, is_begun: bool = False) -> Rows:
    """Return the rows of a model that belong to an account.

    Args:
        is_begun: whether a registration that nobody has confirmed may have such rows too.
    """

    def theirs(customer_id: int) -> ColumnElement[bool]:
        meant = _is_theirs(customer_id) if is_begun else Account.customer_id == customer_id
        own: ColumnElement[bool] = model.account_id.in_(select(Account.id).where(meant))
        return own

    return Rows(model, theirs)


def _is_kept_form(customer_id: int) -> ColumnElement[bool]:
    accounts = db.session.execute(select(Account.id).where(_is_theirs(customer_id))).scalars()
    return KeptForm.owner.in_([mark_of(Audience.CUSTOMER, str(account_id)) for account_id in accounts])


def _is_alone(customer_id: int, scope: Scope) -> bool:
    """Tell whether an account goes with what Facebook brought: it was its only way in."""
    if scope.is_whole:
        return True
    has_password = select(Account.id).where(Account.customer_id == customer_id, Account.password_hash.is_not(None))
    return db.session.execute(has_password).first() is None


def _is_named_by_facebook(customer_id: int) -> ColumnElement[bool]:
    brought = (LinkedIdentity.account_id == Account.id, LinkedIdentity.brought_names.is_(True))
    return and_(Account.customer_id == customer_id, exists().where(*brought))


def _is_known_by_facebook_alone(customer_id: int) -> ColumnElement[bool]:
    """Return the condition that no system of the company ever sent the customer: their names came with the account."""
    own = exists().where(_is_named_by_facebook(customer_id))
    return and_(Customer.id == customer_id, Customer.imported_at.is_(None), Customer.external_id.is_(None), own)


_NAMELESS = {"given_name": "", "family_name": ""}
_NAMES = (
    Rows(Customer, _is_known_by_facebook_alone, _NAMELESS), Rows(Account, _is_named_by_facebook, _NAMELESS),
)  # fmt: skip


@dataclass(frozen=True)
class _Linked(OwnPart):
    """With what Facebook brought, the names that it gave go before the link that says so."""

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        for names in _NAMES if scope.extent is Extent.FACEBOOK_ACCOUNT else ():
            if done := names.erase(customer_id, limit):
                return done
        return super().erase(customer_id, scope, limit)


def _part(code: str, order: int, *rows: Rows) -> None:
    erases(code, OwnPart(code, ROWS + order, rows, _WITH_ACCOUNT, _is_alone))


# Before the account, which says who it is that has no other way in.
_part("kept_forms", 0, Rows(KeptForm, _is_kept_form))
_part("account_sessions", 1, _of_account(AccountSession))
_part("account_devices", 2, _of_account(AccountDevice))
_part("account_tokens", 2, _of_account(AccountToken, is_begun=True))
_part("account_factors", 2, _of_account(AccountPasskey), _of_account(AccountRecoveryCode))
erases(
    "linked_identities",
    _Linked("linked_identities", ROWS + 2, (_of_account(LinkedIdentity, is_begun=True),), _WITH_LINK),
)
_part("accounts", 3, Rows(Account, _is_theirs))
deleted(
    "account_devices", "account_factors", "account_sessions", "account_tokens", "accounts", "kept_forms",
    "linked_identities",
)  # fmt: skip


@locks(Account.__tablename__)
def lock_accounts(customer_id: int) -> None:
    """Lock the account of a customer, before the customer."""
    own = select(Account.id).where(Account.customer_id == customer_id)
    db.session.execute(own.with_for_update(key_share=True)).all()


@holds_addresses
def addresses(customer_id: int) -> Iterable[str]:
    """Yield the address of the account, and those that it had while they are known; none that nobody has proven."""
    own = select(Account.id, Account.email).where(Account.customer_id == customer_id)
    is_proven = (AccountToken.email.is_not(None), AccountToken.purpose != Purpose.CHANGE_ADDRESS)
    for account_id, email in db.session.execute(own).all():
        yield email
        former = select(AccountToken.email).where(AccountToken.account_id == account_id, *is_proven)
        yield from filter(None, db.session.execute(former.order_by(AccountToken.id)).scalars())


@holds_numbers
def numbers(customer_id: int) -> Iterable[str]:
    """Yield the numbers that Facebook gave for the customer, those of undone links too."""
    linked = select(LinkedIdentity.scoped_id).join(Account, Account.id == LinkedIdentity.account_id)
    yield from db.session.execute(
        linked.where(Account.customer_id == customer_id, LinkedIdentity.provider == FACEBOOK)
    ).scalars()


@on_seal
def void_ways_in(erasure: Erasure) -> None:
    """End every session and every way in of an erased person: signing in answers as for nobody."""
    if not Scope.read(erasure.scope).is_whole:
        return
    own = select(Account.id).where(Account.customer_id == erasure.customer_id)
    for account_id in db.session.execute(own).scalars().all():
        end_sessions(account_id)
        nothing = update(Account).where(Account.id == account_id)
        db.session.execute(nothing.values(password_hash=None, sealed_totp_secret=None))
        for model in (AccountToken, AccountPasskey, AccountRecoveryCode):
            db.session.execute(delete(model).where(model.account_id == account_id))


@on_seal
def bury_number(erasure: Erasure) -> None:
    """Remember the number of somebody whose account goes with Facebook's: back by Facebook, they read that it went."""
    scope = Scope.read(erasure.scope)
    if scope.extent is Extent.FACEBOOK_ACCOUNT and _is_alone(erasure.customer_id, scope):
        bury_numbers(erasure)
