"""What this domain holds about a customer: the account, its links and passkeys, the traces of its sign-ins; no hash.

Single-use links are not listed: the mails that carried them are.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from heapq import merge
from typing import Any, Final

from sqlalchemy import Select, func, literal, select, union_all

from portal import clock
from portal.accounts.address.change import is_pending
from portal.accounts.ends import PARTS
from portal.accounts.facebook.linked_identities import UNLINKED_KEPT_FOR
from portal.accounts.models import (
    Account,
    AccountDevice,
    AccountPasskey,
    AccountRecoveryCode,
    AccountSession,
    AccountToken,
    LinkedIdentity,
)
from portal.bilingual import Label, date_time, long_date
from portal.customers.addresses import mask_address
from portal.customers.masks import mask_number
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.agreements import Answer, read_agreements
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.sentences import row
from portal.personal_data.uses.purposes import ACCOUNT, SECURITY, SOCIAL_SIGN_IN

FACEBOOK_SIGN_IN: Final = "sign_in.facebook"
"""The choice to sign in with Facebook: made by linking, taken back by unlinking."""

_ACCOUNT = Label(fr="Votre compte sur ce portail", en="Your account on this portal")
_SIGN_IN = Label(fr="Connexion à ce portail", en="Sign-in to this portal")
_BROWSER_KNOWN = Label(fr="Navigateur connu de ce portail", en="Browser known to this portal")
_GIVEN_NAME = Label(fr="Prénom du compte", en="Given name of the account")
_FAMILY_NAME = Label(fr="Nom du compte", en="Family name of the account")
_ADDRESS = Label(fr="Adresse de connexion", en="Sign-in address")
_AWAITED = Label(fr="Nouvelle adresse à confirmer", en="New address to be confirmed")
_PASSWORD = Label(fr="Mot de passe", en="Password")
_PASSWORD_SET = Label(fr="défini, changé le {date}", en="set, changed on {date}")
_PASSWORD_UNSET = Label(fr="non défini", en="not set")
_CREATED = Label(fr="Compte créé", en="Account created")
_APP = Label(fr="Application d'authentification", en="Authenticator app")
_APP_SET_UP = Label(fr="configurée", en="set up")
_CODES_LEFT = Label(fr="Codes de secours non utilisés", en="Unused recovery codes")
_PASSKEY = Label(fr="Clé d'accès à votre compte", en="Passkey of your account")
_PASSKEY_NAME = Label(fr="Nom de la clé", en="Name of the passkey")
_MADE = Label(fr="Créée", en="Made")
_USED = Label(fr="Dernière utilisation", en="Last use")
_LINK = Label(fr="Lien avec votre compte Facebook", en="Link with your Facebook account")
_SCOPED_ID = Label(fr="Numéro que Facebook a créé pour ce service", en="Number that Facebook made for this service")
_LINKED = Label(fr="Relié", en="Linked")
_UNLINKED = Label(fr="Lien rompu", en="Link undone")
_BROWSER = Label(fr="Navigateur", en="Browser")
_UNNAMED = Label(fr="non précisé", en="not given")
_SIGNED_IN = Label(fr="Connexion", en="Signed in")
_LAST_USED = Label(fr="Dernière activité", en="Last used")
_FIRST_SEEN = Label(fr="Première visite", en="First seen")
_LAST_SEEN = Label(fr="Dernière visite", en="Last seen")
_KEPT = Label(
    fr="Votre compte est gardé tant que vous l'utilisez : sans connexion pendant {unused}, il est fermé, et nous"
    " vous écrivons 30 jours avant. Un lien avec Facebook est gardé {days} jours après sa"
    " rupture. Les traces de connexion sont gardées {period}.",
    en="Your account is kept while you use it: without a sign-in for {unused} it is closed, and we write to you 30"
    " days before. A link with Facebook is kept for {days} days after it is"
    " undone. Traces of sign-ins are kept for {period}.",
)
READ_AT_ONCE: Final = 200


@read_agreements([FACEBOOK_SIGN_IN], taken_back_at="customer.accounts.account")
def answers(customer_ids: Collection[int], choices: Collection[str]) -> list[Answer]:
    """Return when customers linked an account of this portal with Facebook, and when the link was undone."""
    links = select(Customer.id, LinkedIdentity).join(Account, Account.customer_id == Customer.id).join(LinkedIdentity)
    found = []
    for customer_id, link in db.session.execute(links.where(Customer.id.in_(customer_ids))):
        behind = row(LinkedIdentity.__tablename__, link.id)
        found.append(Answer(customer_id, FACEBOOK_SIGN_IN, is_yes=True, at=link.linked_at, behind=behind))
        if link.unlinked_at:
            found.append(Answer(customer_id, FACEBOOK_SIGN_IN, is_yes=False, at=link.unlinked_at, behind=behind))
    return found


def summary(customer_id: int) -> Select[Any]:
    """Return the select of (category, count, latest instant)."""
    of_customer = Account.customer_id == customer_id
    changed_at = func.coalesce(Account.password_changed_at, Account.created_at)
    linked_at = func.coalesce(LinkedIdentity.unlinked_at, LinkedIdentity.linked_at)
    identities = union_all(
        select(changed_at.label("at")).where(of_customer),
        select(linked_at).join(Account).where(of_customer),
        select(AccountPasskey.created_at).join(Account, Account.id == AccountPasskey.account_id).where(of_customer),
    ).subquery()
    traces = union_all(
        select(AccountSession.created_at.label("at")).join(Account).where(of_customer),
        select(AccountDevice.last_seen_at).join(Account, Account.id == AccountDevice.account_id).where(of_customer),
    ).subquery()
    held = union_all(_counted(Category.IDENTITY, identities.c.at), _counted(Category.TECHNICAL, traces.c.at)).subquery()
    return select(held)


def _counted(category: Category, at: Any) -> Select[Any]:
    count = func.count(at)
    return select(literal(category.value).label("category"), count.label("count"), func.max(at).label("latest")).having(
        count > 0
    )


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield the account and its links, or its sign-ins and known browsers, newest first."""
    if category == Category.IDENTITY:
        yield from sorted(_identities(customer_id, language), key=lambda item: item.at or clock.now(), reverse=True)
    elif category == Category.TECHNICAL:
        traces: list[Iterator[AccountSession | AccountDevice]] = [
            _newest(AccountSession, AccountSession.created_at, customer_id),
            _newest(AccountDevice, AccountDevice.last_seen_at, customer_id),
        ]
        for row in merge(*traces, key=_instant, reverse=True):
            yield _held_trace(row, language)


def _identities(customer_id: int, language: str) -> list[HeldItem]:
    left = select(func.count()).where(
        AccountRecoveryCode.account_id == Account.id, AccountRecoveryCode.used_at.is_(None)
    )
    awaited = select(AccountToken.email).where(*is_pending(Account.id))
    statement = select(Account, LinkedIdentity, AccountPasskey, left.scalar_subquery(), awaited.scalar_subquery())
    statement = statement.outerjoin(LinkedIdentity, LinkedIdentity.account_id == Account.id)
    statement = statement.outerjoin(AccountPasskey, AccountPasskey.account_id == Account.id)
    rows = db.session.execute(statement.where(Account.customer_id == customer_id)).all()
    accounts = [_held_account(row[0], codes_left=row[3], awaited=row[4], language=language) for row in rows[:1]]
    links = {row[1].id: row[1] for row in rows if row[1]}
    passkeys = {row[2].id: row[2] for row in rows if row[2]}
    held = [_held_link(link, language) for link in links.values()]
    return accounts + held + [_held_passkey(passkey, language) for passkey in passkeys.values()]


def _held_passkey(passkey: AccountPasskey, language: str) -> HeldItem:
    facts = [
        (_PASSKEY_NAME.text(language), passkey.name),
        (_MADE.text(language), long_date(passkey.created_at, language, weekday=False)),
    ]
    if passkey.last_used_at:
        facts.append((_USED.text(language), date_time(passkey.last_used_at, language)))
    return HeldItem(
        category=Category.IDENTITY,
        kind="portal_passkey",
        label=_PASSKEY.text(language),
        at=passkey.created_at,
        values={
            "name": passkey.name,
            "public_key": passkey.public_key.hex(),
            "created_at": clock.written(passkey.created_at),
            "last_used_at": clock.written(passkey.last_used_at),
        },
        facts=facts,
    )


def _held_link(link: LinkedIdentity, language: str) -> HeldItem:
    facts = [
        (_SCOPED_ID.text(language), link.scoped_id),
        (_LINKED.text(language), long_date(link.linked_at, language, weekday=False)),
    ]
    if link.unlinked_at:
        facts.append((_UNLINKED.text(language), long_date(link.unlinked_at, language, weekday=False)))
    return HeldItem(
        category=Category.IDENTITY,
        kind="portal_facebook_link",
        label=_LINK.text(language),
        at=link.unlinked_at or link.linked_at,
        values={
            "provider": link.provider,
            "scoped_id": link.scoped_id,
            "brought_names": link.brought_names,
            "linked_at": clock.written(link.linked_at),
            "unlinked_at": clock.written(link.unlinked_at),
        },
        facts=facts,
        masked={_SCOPED_ID.text(language): mask_number(link.scoped_id)},
        lawful_basis=SOCIAL_SIGN_IN.lawful_basis,
        source="facebook",
    )


def _newest(model: type[Any], at: Any, customer_id: int) -> Iterator[Any]:
    statement = select(model).join(Account, Account.id == model.account_id).where(Account.customer_id == customer_id)
    newest_first = statement.order_by(at.desc(), model.id.desc()).execution_options(yield_per=READ_AT_ONCE)
    yield from db.session.execute(newest_first).scalars()


def _instant(row: AccountSession | AccountDevice) -> datetime:
    return row.created_at if isinstance(row, AccountSession) else row.last_seen_at


def _held_account(account: Account, *, codes_left: int, awaited: str | None, language: str) -> HeldItem:
    changed_at = account.password_changed_at or account.created_at
    password = _PASSWORD_SET.filled(language, date=long_date(changed_at, language, weekday=False))
    facts = [
        (_GIVEN_NAME, account.given_name),
        (_FAMILY_NAME, account.family_name),
        (_ADDRESS, account.email),
        (_AWAITED, awaited or ""),
        (_PASSWORD, password if account.password_hash else _PASSWORD_UNSET.text(language)),
        (_APP, _APP_SET_UP.text(language) if account.sealed_totp_secret else ""),
        (_CODES_LEFT, str(codes_left or "")),
        (_CREATED, long_date(account.created_at, language, weekday=False)),
    ]
    return HeldItem(
        category=Category.IDENTITY,
        kind="portal_account",
        label=_ACCOUNT.text(language),
        at=changed_at,
        values={
            "given_name": account.given_name,
            "family_name": account.family_name,
            "email": account.email,
            "email_to_be_confirmed": awaited,
            "language": account.language,
            "created_at": clock.written(account.created_at),
            "email_confirmed_at": clock.written(account.email_confirmed_at),
            "email_changed_at": clock.written(account.email_changed_at),
            "password_is_set": account.password_hash is not None,
            "password_changed_at": clock.written(account.password_changed_at),
            "authenticator_app_is_set_up": account.sealed_totp_secret is not None,
            "authenticator_app_added_at": clock.written(account.app_added_at),
            "recovery_codes_left": codes_left,
            "facebook_linked_at": clock.written(account.facebook_linked_at),
            "second_step_lifted_at": clock.written(account.second_step_lifted_at),
            "last_sign_in_at": clock.written(account.last_sign_in_at),
            "ends_on_if_unused": clock.written(account.unused_ends_on),
            "is_matched_by_address": account.is_claimed_by_match,
        },
        facts=[(label.text(language), value) for label, value in facts if value],
        masked={
            label.text(language): mask_address(address or "")
            for label, address in ((_ADDRESS, account.email), (_AWAITED, awaited))
        },
    )


def _held_trace(row: AccountSession | AccountDevice, language: str) -> HeldItem:
    values: dict[str, str | None]
    if isinstance(row, AccountSession):
        kind, label, device, instants = (
            "portal_sign_in",
            _SIGN_IN,
            row.device,
            ((_SIGNED_IN, row.created_at), (_LAST_USED, row.last_used_at)),
        )
        values = {
            "device": device,
            "method": row.method,
            "created_at": clock.written(row.created_at),
            "last_used_at": clock.written(row.last_used_at),
            "ended_at": clock.written(row.ended_at),
        }
    else:
        kind, label, device, instants = (
            "portal_browser",
            _BROWSER_KNOWN,
            row.label,
            ((_FIRST_SEEN, row.first_seen_at), (_LAST_SEEN, row.last_seen_at)),
        )
        values = {
            "device": device,
            "first_seen_at": clock.written(row.first_seen_at),
            "last_seen_at": clock.written(row.last_seen_at),
        }
    facts = [(_BROWSER.text(language), device or _UNNAMED.text(language))]
    facts += [(name.text(language), date_time(at, language)) for name, at in instants]
    # Held to protect the account, under legitimate interest: portability (GDPR art. 20) does not cover it.
    return HeldItem(
        category=Category.TECHNICAL,
        kind=kind,
        label=label.text(language),
        at=_instant(row),
        values=values,
        facts=facts,
        nature="observed",
        lawful_basis=SECURITY.lawful_basis,
    )


def retention(language: str) -> str:
    """Return in words how long the account, its links and the traces of sign-ins are kept."""
    periods = installed.organisation().retention
    period, unused = periods.security_log.text(language), periods.unused_account.text(language)
    return _KEPT.filled(language, period=period, unused=unused, days=UNLINKED_KEPT_FOR.days)


register(
    Holding(
        code="accounts",
        parts=PARTS,
        retention=retention,
        purposes={
            Category.IDENTITY: (ACCOUNT.code, SOCIAL_SIGN_IN.code),
            Category.TECHNICAL: (SECURITY.code,),
        },
        summary=summary,
        items=items,
    )
)
