"""When registrations, traces of sign-ins, links and browsers end, and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update

from portal import clock
from portal.accounts.facebook.linked_identities import UNLINKED_KEPT_FOR
from portal.accounts.leaving.unused import end_accounts
from portal.accounts.links import LIFE, Purpose
from portal.accounts.models import Account, AccountDevice, AccountSession, AccountToken, LinkedIdentity, SpentState
from portal.accounts.sessions.visitor_sessions import ATTEMPT_LIFE
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.ends import MAILS_TO_STRANGERS
from portal.personal_data.erasure.scheduling import is_decided
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, Fixed, UntilWarned
from portal.personal_data.keeping.clause import About
from portal.personal_data.own_file import needs_the_file

_SECURITY = Label(
    fr="repérer une intrusion (délibération CNIL 2021-122 : de 6 mois à 1 an)",
    en="to notice an intrusion (CNIL, délibération 2021-122: six months to a year)",
)


def _of_account(model: Any) -> About:
    owner = select(Account.customer_id).where(Account.id == model.account_id)
    return About(owner.correlate(model).scalar_subquery())


def _is_of_nobody_to_be_erased(model: Any) -> ColumnElement[bool]:
    """Return the condition that no erasure of the owner is decided: until then, tombstones are made of what names them.

    An erasure waits for a week at most, and for a copy until its answer is due.
    """
    return ~exists().where(Account.id == model.account_id, is_decided(Account.customer_id)).correlate_except(Account)


def _is_never_confirmed(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    is_linked = exists().where(AccountToken.account_id == Account.id, AccountToken.expires_at > clock.now())
    return Account.email_confirmed_at.is_(None), ~is_linked


def _remove_registrations(ids: list[int]) -> None:
    for model in (AccountToken, LinkedIdentity):
        db.session.execute(delete(model).where(model.account_id.in_(ids)))
    db.session.execute(delete(Account).where(Account.id.in_(ids)))


def _remove_browsers(ids: list[int]) -> None:
    let_go = update(AccountSession).where(AccountSession.device_id.in_(ids)).values(device_id=None)
    db.session.execute(let_go)
    db.session.execute(delete(AccountDevice).where(AccountDevice.id.in_(ids)))


REGISTRATIONS = Ending(
    code="registrations",
    label=Label(fr="Inscriptions jamais confirmées", en="Registrations never confirmed"),
    source=Rows(Account, age=Account.created_at, only=_is_never_confirmed, remove_rows=_remove_registrations),
    term=Fixed(LIFE[Purpose.CONFIRM_ADDRESS], Label(fr="48 heures", en="48 hours")),
    starts=Label(fr="l'inscription, ou la fin du dernier lien", en="the registration, or the end of its last link"),
    goes_freely=True,
    ground=Label(
        fr="l'adresse n'est à personne de connu (article 5, paragraphe 1, point e))",
        en="the address is nobody's that we know (art. 5(1)(e))",
    ),
)


@needs_the_file
def has_account() -> ColumnElement[bool]:
    """Return the condition that a customer has an account."""
    return exists().where(Account.customer_id == Customer.id)


UNUSED = Ending(
    code="unused_accounts",
    label=Label(fr="Comptes que personne n'utilise", en="Accounts that nobody uses"),
    source=Rows(
        Account,
        age=Account.unused_ends_on,
        only=lambda over_before: (Account.customer_id.is_not(None),),
        about=About(Account.customer_id),
        remove_rows=end_accounts,
    ),
    term=UntilWarned("unused_account"),
    starts=Label(
        fr="la dernière connexion ; un e-mail part 30 jours avant, et une connexion efface l'attente",
        en="the last sign-in; a mail leaves 30 days before, and a sign-in ends the wait",
    ),
    ground=Label(
        fr="un compte inactif n'a plus de raison d'être (article 5, paragraphe 1, point e), CNIL : deux ans)",
        en="an account that is not used has no purpose any more (art. 5(1)(e), CNIL: two years)",
    ),
)
SESSIONS = Ending(
    code="account_sessions",
    label=Label(fr="Connexions des clients", en="Customers' sign-ins"),
    source=Rows(AccountSession, age=AccountSession.last_used_at, about=_of_account(AccountSession)),
    term=Declared("security_log"),
    starts=Label(fr="la dernière activité", en="its last use"),
    ground=_SECURITY,
)
LINKS = Ending(
    code="account_links",
    label=Label(fr="Liens et codes envoyés aux clients", en="Links and codes sent to customers"),
    source=Rows(AccountToken, age=AccountToken.expires_at, about=_of_account(AccountToken)),
    term=Declared("security_log"),
    starts=Label(fr="la fin du lien", en="the end of the link"),
    ground=_SECURITY,
)
OTHER_ADDRESSES = Ending(
    code="changed_addresses",
    label=Label(
        fr="Anciennes adresses et adresses jamais confirmées", en="Former addresses, and those never confirmed"
    ),
    source=Rows(
        AccountToken,
        age=AccountToken.expires_at,
        only=lambda over_before: (AccountToken.email.is_not(None), _is_of_nobody_to_be_erased(AccountToken)),
        about=_of_account(AccountToken),
    ),
    term=MAILS_TO_STRANGERS.term,
    starts=LINKS.starts,
    ground=Label(
        fr="l'adresse n'est plus à personne, ou ne l'a jamais été (article 5, paragraphe 1, point e))",
        en="it is nobody's address any more, or never was (art. 5(1)(e))",
    ),
)
BROWSERS = Ending(
    code="account_browsers",
    label=Label(fr="Navigateurs connus des clients", en="Customers' known browsers"),
    source=Rows(
        AccountDevice, age=AccountDevice.last_seen_at, about=_of_account(AccountDevice), remove_rows=_remove_browsers
    ),
    term=Declared("security_log"),
    starts=Label(fr="la dernière visite", en="the last visit"),
    ground=_SECURITY,
)
UNDONE_FACEBOOK_LINKS = Ending(
    code="undone_facebook_links",
    label=Label(fr="Liens avec Facebook rompus", en="Undone links with Facebook"),
    source=Rows(
        LinkedIdentity,
        age=LinkedIdentity.unlinked_at,
        only=lambda over_before: (_is_of_nobody_to_be_erased(LinkedIdentity),),
        about=_of_account(LinkedIdentity),
    ),
    term=Fixed(UNLINKED_KEPT_FOR, Label(fr=f"{UNLINKED_KEPT_FOR.days} jours", en=f"{UNLINKED_KEPT_FOR.days} days")),
    starts=Label(fr="la rupture", en="when it was undone"),
    ground=Label(
        fr="reconnaître la demande d'effacement que Facebook envoie ensuite",
        en="to know whom the erasure means that Facebook sends afterwards",
    ),
)
SPENT_STATES = Ending(
    code="spent_states",
    label=Label(fr="Passages par Facebook déjà utilisés", en="Used ways through Facebook"),
    # An older cookie is refused by its own age.
    source=Rows(SpentState, age=SpentState.spent_at),
    term=Fixed(ATTEMPT_LIFE, Label(fr="le temps d'une connexion", en="the time of one sign-in")),
    starts=Label(fr="le retour de Facebook", en="the return from Facebook"),
    ground=Label(fr="refuser un second usage (RFC 9700)", en="to refuse a second use (RFC 9700)"),
    goes_freely=True,
)

PARTS = declare(
    Part(
        "accounts",
        frozenset({"accounts"}),
        Reach.ADDRESS,
        (REGISTRATIONS, UNUSED),
    ),
    Part("account_sessions", frozenset({"account_sessions"}), Reach.ACCOUNT, (SESSIONS,), ends_with="accounts"),
    Part(
        "account_tokens", frozenset({"account_tokens"}), Reach.ACCOUNT, (LINKS, OTHER_ADDRESSES), ends_with="accounts"
    ),
    Part("account_devices", frozenset({"account_devices"}), Reach.ACCOUNT, (BROWSERS,), ends_with="accounts"),
    Part(
        "linked_identities",
        frozenset({"linked_identities"}),
        Reach.ACCOUNT,
        (UNDONE_FACEBOOK_LINKS,),
        ends_with="accounts",
    ),
    Part(
        "account_factors",
        frozenset({"account_passkeys", "account_recovery_codes"}),
        Reach.ACCOUNT,
        ends_with="accounts",
    ),
)
declare(Part("spent_states", frozenset({"spent_states"}), Reach.NOBODY, (SPENT_STATES,)))
