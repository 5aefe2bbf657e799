"""The facts that the case page shows beside a decision: the account, what is asked, the document and its checklist."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountSession
from portal.bilingual import known_date
from portal.customers.addresses import mask_address
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof.attestation import attestation, result_label
from portal.identity_checks.proof.paper_checks import CheckItem, RejectReason
from portal.identity_checks.proof.papers import Paper, Side
from portal.identity_checks.proof.policy import DoubtSignal
from portal.identity_checks.queries import checks_of, documents_of, pending_check
from portal.infrastructure.database import db
from portal.rights.asked import Rows
from portal.rights.carrying_out.answering import PACKAGED
from portal.rights.deciding.decisions import is_identity_settled, needs_second
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.identity.review import may_ask_for_document, points_of, reasons_of
from portal.rights.items.deciding import grounds_of_whole
from portal.rights.items.making import exceptions_of, items_of
from portal.rights.items.telling.letter import letter_of
from portal.rights.items.telling.showing import ShownItems, show_items
from portal.rights.lifecycle import Right
from portal.rights.models import RequestDecision, RightsRequest
from portal.web.filters import date_time, long_date


@dataclass(frozen=True)
class ShownSide:
    """One side of a document, as the case page shows it."""

    public_id: str
    label: str
    pages: int
    received_at: datetime
    is_ready: bool
    is_held: bool


@dataclass(frozen=True)
class CaseFacts:
    """Everything the case page needs beside the case itself."""

    account: Rows
    asked: Rows
    signals: list[str]
    documents: list[ShownSide]
    proof: list[ShownSide]
    has_pending_check: bool
    is_settled: bool
    may_doubt: bool
    points: tuple[CheckItem, ...]
    reject_reasons: tuple[RejectReason, ...]
    checks: Rows
    is_packaged: bool
    needs_second: bool
    grounds: tuple[RefusalGround, ...]
    items: ShownItems
    letter: str


class ItemsMissing(Exception):
    """An open case has no items yet: it was filed by an earlier version."""


def case_facts(request: RightsRequest, decision: RequestDecision | None, language: str) -> CaseFacts:
    """Return what the case page shows beside the decision on a request, in a language.

    Args:
        decision: the newest one; None before the first.

    Raises:
        ItemsMissing: the items of the case are to be made first.
    """
    items, exceptions = items_of(request.id), exceptions_of(request.id)
    if request.is_open and not items:
        raise ItemsMissing
    check = pending_check(request.id)
    documents = documents_of(check) if check else []
    return CaseFacts(
        account=_account(request),
        asked=request.asked.in_words(language),
        signals=[DoubtSignal(code).label(language) for code in request.identity_signals],
        documents=_shown(documents, language),
        proof=_proof(request, language),
        has_pending_check=check is not None,
        is_settled=is_identity_settled(request),
        # When the document was destroyed before anybody decided, the open check can never end: ask for another one.
        may_doubt=not documents and may_ask_for_document(request),
        points=points_of(request, documents),
        reject_reasons=reasons_of(documents),
        checks=_checks(request),
        is_packaged=request.right in PACKAGED,
        needs_second=needs_second(request, items, exceptions),
        grounds=grounds_of_whole(items, request.right),
        items=show_items(request, items, exceptions, language, clock.now()),
        letter=letter_of(request, items, decision.message, request.language, exceptions).text if decision else "",
    )  # fmt: skip


def _proof(request: RightsRequest, language: str) -> list[ShownSide]:
    """Return what the person shows for the values that they give; only a correction has any."""
    check = pending_check(request.id, of_value=True) if request.right is Right.RECTIFICATION else None
    return _shown(documents_of(check), language) if check else []


def _shown(documents: list[IdentityDocument], language: str) -> list[ShownSide]:
    return [
        ShownSide(
            document.public_id, _name_of(Paper(document.kind), Side(document.side), language), document.pages,
            document.created_at, document.status is DocumentStatus.READY, document.status is DocumentStatus.HELD,
        )
        for document in documents
    ]  # fmt: skip


def _name_of(paper: Paper, side: Side, language: str) -> str:
    """Return what a side is of; a proof has no sides to tell apart."""
    name = paper.label(language)
    return name if paper is Paper.VALUE_PROOF else f"{name} – {side.label(language)}"


def _account(request: RightsRequest) -> Rows:
    customer = request.customer
    if customer.erased_at:
        erased = long_date(clock.local_date(customer.erased_at), weekday=False)
        return [(_("Customer number"), customer.reference), (_("Erased on"), erased)]
    account = db.session.execute(select(Account).where(Account.customer_id == customer.id)).scalar_one_or_none()
    rows = [
        (_("Date of birth"), known_date(customer.birth, get_locale()) if customer.birth else _("Not known")),
        (_("E-mail"), mask_address(customer.email) if customer.email else _("Not known")),
        (_("Customer number"), customer.reference),
        (_("Customer since"), long_date(customer.customer_since, weekday=False) or _("Not known")),
    ]
    if account is None:
        return [*rows, (_("Account"), _("None here today."))]
    return [*rows, (_("Address confirmed"), date_time(account.email_confirmed_at)), *_last_session(account)]


def _last_session(account: Account) -> Rows:
    statement = select(AccountSession).where(AccountSession.account_id == account.id)
    latest = db.session.execute(statement.order_by(AccountSession.id.desc()).limit(1)).scalar_one_or_none()
    if latest is None:
        return []
    return [(_("Last sign-in"), ", ".join(each for each in (latest.device, date_time(latest.created_at)) if each))]


def _checks(request: RightsRequest) -> Rows:
    language = get_locale()
    ended = (check for check in checks_of(request.id) if check.result is not CheckResult.PENDING)
    return [(result_label(check, language), _ending(check, language)) for check in ended]


def _ending(check: IdentityCheck, language: object) -> str:
    """Return in words how, by which team and when a check ended, and when its document was destroyed."""
    ended = attestation(check, language)
    if check.destroyed_at is None:
        return ended
    return _("%(time)s. Document destroyed %(destroyed)s.", time=ended, destroyed=date_time(check.destroyed_at))
