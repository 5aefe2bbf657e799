"""How an erasure ends the person's own file, their mails, and what stays of the file as the reference of the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from portal import clock
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.personal_data.erasure.becoming import Becoming, becomes
from portal.personal_data.erasure.contact import known_addresses
from portal.personal_data.erasure.listeners import marks, waits_for
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import FILE, ROWS, PlannedItem, erases, stops_erasure
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.keeping.models import Keep, KeepReason
from portal.personal_data.outcomes import ItemOutcome

MAIL_HAS_TIME = timedelta(minutes=10)
"""How long the rows wait for a mail that is about to leave, such as the one that says that the erasure has begun."""


def _is_theirs(customer_id: int) -> ColumnElement[bool]:
    """Return the condition that a mail is a customer's, or went to their address before anybody had proven it."""
    unproven = and_(Mail.customer_id.is_(None), func.lower(Mail.to_address).in_(known_addresses(customer_id)))
    return or_(Mail.customer_id == customer_id, unproven)


@waits_for
def has_mail_leaving(customer_id: int) -> bool:
    """Tell whether a mail to a customer was written just now and has not left."""
    young = (Mail.status == MailStatus.WAITING, Mail.created_at > clock.now() - MAIL_HAS_TIME)
    leaving = select(Mail.id).where(Mail.customer_id == customer_id, *young).limit(1)
    return db.session.execute(leaving).first() is not None


@dataclass(frozen=True)
class _File:
    """The row of the customer: what names them goes; the references stay for what the law keeps."""

    order: int = FILE

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        if scope.is_whole:
            yield PlannedItem("customers", "customers", "", None, 1, ItemOutcome.ERASED)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        if not scope.is_whole:
            return 0
        customer = db.session.get_one(Customer, customer_id)
        empty = _empty(customer)
        if all(getattr(customer, name) == value for name, value in empty.items()):
            return 0
        for name, value in empty.items():
            setattr(customer, name, value)
        return 1

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        return 0


def _empty(customer: Customer) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(
        (
            "email", "email_normalised", "birth_date", "birth_known", "customer_since", "relationship_ended_on",
            "last_contact_on", "imported_at", "restricted_at", "capacity",
        )
    )  # fmt: skip
    # Every row has a language and a day on which it was made: those that tell nothing.
    nothing |= {"language": installed.organisation().languages[0], "created_at": customer.erased_at}
    return nothing | {"given_name": "", "family_name": ""}


@stops_erasure
def holds_all(customer_id: int, scope: Scope, items: Iterable[PlannedItem]) -> Iterable[str]:
    """Yield `hold` while a legal hold keeps everything of a person: the erasure can run when it is lifted."""
    keeps_all = (Keep.category.is_(None), Keep.kind.is_(None), Keep.external_id.is_(None))
    held = select(Keep.id).where(
        Keep.customer_id == customer_id, Keep.reason == KeepReason.HOLD, Keep.ended_at.is_(None), *keeps_all
    )
    if db.session.execute(held.limit(1)).first():
        yield "hold"


@marks
def open_keeps_of(customer_id: int) -> object:
    """Return the keeps of a customer that are open: a plan rests on them."""
    theirs = select(Keep.id).where(Keep.customer_id == customer_id, Keep.ended_at.is_(None)).order_by(Keep.id)
    return tuple(db.session.execute(theirs).scalars())


erases("mails", OwnPart("mails", ROWS, (Rows(Mail, _is_theirs),)))
erases("customers", _File())
_PROOF = Label(fr="article 5, paragraphe 2", en="art. 5(2)")
_CLAIMS = Label(fr="article 17, paragraphe 3, point e)", en="art. 17(3)(e)")
_BACK = Label(fr="article 17, paragraphe 1, et article 21, paragraphe 3", en="art. 17(1), 21(3)")
becomes(
    "mails",
    Becoming(
        Label(fr="supprimés ; les envois restent notés", en="deleted; that they were sent stays noted"),
        Label(fr="article 17, paragraphe 1", en="art. 17(1)"),
    ),
)
becomes(
    "customers",
    Becoming(
        Label(
            fr="les deux références et le jour de l'effacement ; supprimée quand plus rien n'y renvoie",
            en="both references and the day of the erasure; deleted when nothing points at it",
        ),
        Label(fr="article 17, paragraphe 3, point b)", en="art. 17(3)(b)"),
        {"customers": frozenset({"public_id", "external_id", "status", "erased_at", "created_at", "language"})},
    ),
)
becomes(
    "keeps",
    Becoming(
        Label(fr="motif, début, fin : 5 ans", en="reason, beginning, end: 5 years"),
        _CLAIMS,
        {"keeps": frozenset({"reason", "source_id", "category", "kind", "external_id", "since", "ended_at"})},
    ),
)
becomes(
    "legal_holds",
    Becoming(
        Label(fr="inchangées, jusqu'à 5 ans après leur levée", en="as they are, until 5 years after they were lifted"),
        _CLAIMS,
        {
            "legal_holds": frozenset(
                {
                    "public_id", "category", "kind", "external_id", "ground", "words", "is_secret", "placed_by",
                    "placed_at", "review_on", "ended_at", "ended_by",
                }
            )
        },
    ),
)  # fmt: skip
becomes(
    "erasures",
    Becoming(
        Label(
            fr="attestation sans nom, ligne du registre : 5 ans ; contact et lettres scellés, puis détruits",
            en="certificate without a name, line of the ledger: 5 years; contact and letters sealed, then destroyed",
        ),
        _PROOF,
        {
            "erasures": frozenset(
                {
                    "public_id", "scope", "state", "decided_at", "runs_at", "due_on", "digest", "items", "systems",
                    "step", "position", "done", "runs", "entry", "sealed_contact", "sealed_words", "sealed_proof",
                    "words_until", "token_hash", "token_until", "certificate", "cause", "started_at", "finished_at",
                }
            ),
            "erasure_cancel_links": frozenset({"token_hash", "expires_at", "used_at"}),
        },
    ),
)  # fmt: skip
becomes(
    "tombstones",
    Becoming(
        Label(
            fr="empreintes à clé de l'adresse, de la référence et du numéro Facebook",
            en="keyed hashes of address, reference and Facebook number",
        ),
        _BACK,
    ),
)
becomes(
    "erased_spans",
    Becoming(
        Label(fr="type et jour ; empreinte d'une donnée", en="kind and day; hash of a record"),
        _BACK,
        {
            "erased_spans": frozenset({"kind", "until_at"}),
            "erased_records": frozenset({"kind", "keyed_hash", "erased_at"}),
        },
    ),
)
becomes("audit", Becoming(Label(fr="inchangée : références seulement", en="as it is: references alone"), _PROOF))
becomes("ledger", Becoming(Label(fr="inchangé : identifiants et empreintes", en="as it is: ids and hashes"), _PROOF))
