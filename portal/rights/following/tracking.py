"""Where a request stands, as its customer sees it: four steps, date, clock, words and document."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account
from portal.exports.delivery import is_available, package_of_request
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.proof.attestation import attestation, result_label
from portal.identity_checks.proof.known_address import address_that_lifts
from portal.identity_checks.queries import Given, checks_of, given
from portal.infrastructure.database import db
from portal.legal_time.clock_state import Deadline, PauseReason
from portal.legal_time.explanation import explain
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.rights.asked import Rows
from portal.rights.carrying_out.copies import waits_for
from portal.rights.carrying_out.effects import effects_of
from portal.rights.clock import running
from portal.rights.clock.told import clock_row
from portal.rights.erasing.standing import erasure_of, status_token
from portal.rights.erasing.status import Status as Standing
from portal.rights.erasing.status import status_of
from portal.rights.following.answer import ToldAnswer, answer_of
from portal.rights.following.ends_told import ends_told
from portal.rights.following.history import customer_history
from portal.rights.following.standing import stage_now, stages_of, state_of
from portal.rights.identity.lifting import doubts_of
from portal.rights.identity.posting import posted_letter
from portal.rights.items.telling.wording import system_name
from portal.rights.lifecycle import Right, Status
from portal.rights.models import EventKind, RequestEvent, RequestPause, RightsRequest
from portal.rights.weighing.telling import ErasureOffer, UseOfRequest, erasure_offered, uses_of_request
from portal.web.filters import date_time, long_date
from portal.web.pagination import Page, keyset_page

PAGE_SIZE = 20
BRIEF = 120  # characters that the side of the page has room for, in each answer


@dataclass(frozen=True)
class Moment:
    """One line of the history, in words."""

    at: datetime
    title: str
    text: str


@dataclass(frozen=True)
class Tracking:
    """Everything the page of one request shows."""

    request: RightsRequest
    title: str
    legal_name: str
    state: str
    stages: list[tuple[str, str]]
    stage: int
    deadline: Deadline
    explanation: str
    days_left: int | None
    is_late: bool
    clock: tuple[str, str]
    pause_reason: PauseReason | None
    answers: Rows
    history: list[Moment]
    check: IdentityCheck | None
    given: Given
    attestations: Rows
    destroyed_at: datetime | None
    answer: ToldAnswer | None
    awaited_systems: list[str]
    question: Moment | None
    effects: list[str]
    package: AnswerPackage | None
    may_use_code: bool
    erasure: Erasure | None
    erasure_token: str
    awaits_letter_code: bool
    ends: Rows
    uses: list[UseOfRequest]
    erasure_offer: ErasureOffer | None

    @property
    def is_erasing(self) -> bool:
        """Whether its erasure is decided and not over: what comes first is when it begins, or how far it is."""
        return self.erasure is not None and self.request.is_open

    @property
    def erasure_status(self) -> Standing | None:
        """Where its erasure stands, as its own page says it."""
        return status_of(self.erasure, self.request.language) if self.erasure else None

    @property
    def has_certificate(self) -> bool:
        """Whether the page that says what went can still be opened."""
        erasure = self.erasure
        is_done = erasure is not None and erasure.state is ErasureState.DONE
        return bool(is_done and erasure and erasure.token_until and erasure.token_until > clock.now())

    @property
    def awaits_document(self) -> bool:
        """Whether the customer can send a document now; with `may_use_code`, a code to a known address does as well."""
        return self.request.status is Status.IDENTITY_PENDING and self.check is not None

    @property
    def awaits_answer(self) -> bool:
        """Whether we asked the customer something."""
        return self.request.status is Status.CLARIFICATION_PENDING

    @property
    def is_answered(self) -> bool:
        """Whether the answer has left."""
        return self.request.answered_at is not None

    @property
    def received(self) -> str:
        """When it came, as exactly as we know."""
        at = self.request.received_at
        return date_time(at) if self.request.channel.tells_the_hour else long_date(at, weekday=False)

    @property
    def in_brief(self) -> Rows:
        """What was asked for, as far as it is short enough for the side of the page."""
        return [row for row in self.answers if len(row[1]) <= BRIEF]

    @property
    def at_length(self) -> Rows:
        """What was asked for in more words than that."""
        return [row for row in self.answers if len(row[1]) > BRIEF]

    @property
    def has_package_ended(self) -> bool:
        """Whether the file that was the answer can no longer be opened: from its date on, removed already or not."""
        return self.is_answered and self.package is not None and not is_available(self.package)


def find_own(customer_id: int, reference: str) -> RightsRequest | None:
    """Return the customer's own request, or None."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.reference == reference)
    return db.session.execute(select(RightsRequest).where(*is_theirs)).scalar_one_or_none()


def closed_requests(customer_id: int, cursor: str | None) -> Page[RightsRequest]:
    """Return a page of a customer's answered and withdrawn requests, the newest first."""
    is_theirs = (RightsRequest.customer_id == customer_id, RightsRequest.is_open.is_(False))
    return keyset_page(
        select(RightsRequest).where(*is_theirs),
        [(RightsRequest.received_at, True), (RightsRequest.id, True)],
        lambda request: (request.received_at, request.id),
        cursor=cursor,
        size=PAGE_SIZE,
        name="closed-requests",
    )


def follow(request: RightsRequest, account: Account, language: str) -> Tracking:
    """Return what the page of a request shows to its account, in a language."""
    intent = request.intent
    every = checks_of(request.id)
    checks = [check for check in every if not check.is_of_value]
    pending = next((check for check in checks if check.result is CheckResult.PENDING), None)
    destroyed = [check.destroyed_at for check in checks if check.destroyed_at is not None]
    events = customer_history(request.id)
    deadline = running.deadline_of(request)
    erasure = erasure_of(request.id) if request.right is Right.ERASURE else None
    package = package_of_request(request.id)
    return Tracking(
        request=request,
        title=intent.label(language),
        legal_name=intent.legal_name(language),
        state=state_of(request),
        stages=stages_of(request, language),
        stage=stage_now(request),
        deadline=deadline,
        explanation=explain(deadline, language),
        days_left=running.days_left(request),
        is_late=running.is_late(request),
        clock=clock_row(request),
        pause_reason=_pause_reason(request),
        answers=request.asked.in_words(language),
        history=[_moment(event) for event in events],
        check=pending,
        given=given(check_id=pending.id) if pending else Given(),
        attestations=[
            (result_label(check, language), attestation(check, language)) for check in checks if check is not pending
        ],
        destroyed_at=max(destroyed) if destroyed else None,
        question=next((_moment(each) for each in reversed(events) if each.kind is EventKind.CLARIFICATION_ASKED), None),
        answer=answer_of(request, _answer_text(events), language),
        awaited_systems=[system_name(code, language) for code in waits_for(request)],
        effects=effects_of(request, language),
        package=package,
        may_use_code=_may_use_code(request, account),
        erasure=erasure,
        erasure_token=status_token(erasure) if erasure else "",
        awaits_letter_code=request.is_open and posted_letter(request) is not None,
        ends=ends_told(request, every, package, language),
        uses=uses_of_request(request, language),
        erasure_offer=erasure_offered(request, language),
    )


def _may_use_code(request: RightsRequest, account: Account) -> bool:
    """Return whether a code lifts every doubt for which a request waits, so that no document is needed."""
    doubts = doubts_of(request)
    is_waiting = request.status is Status.IDENTITY_PENDING and bool(doubts)
    return is_waiting and address_that_lifts(account, doubts) is not None


def _answer_text(events: list[RequestEvent]) -> str:
    return next((event.text for event in reversed(events) if event.kind is EventKind.ANSWERED), "")


def _pause_reason(request: RightsRequest) -> PauseReason | None:
    if request.paused_on is None:
        return None
    is_open = (RequestPause.request_id == request.id, RequestPause.received_on.is_(None))
    return db.session.execute(select(RequestPause.reason).where(*is_open).limit(1)).scalar_one_or_none()


def _moment(event: RequestEvent) -> Moment:
    is_ours = event.staff_id is not None
    titles = {
        EventKind.FILED: _("We entered your request here") if is_ours else _("Request received"),
        EventKind.DOCUMENT_RECEIVED: _("Identity document received"),
        EventKind.IDENTITY_CONFIRMED: _("Identity confirmed"),
        EventKind.DOCUMENT_ASKED: _("We asked for an identity document"),
        EventKind.IDENTITY_REJECTED: _("Identity not confirmed"),
        EventKind.CALLED_BACK: _("We called a number that we hold: you confirmed that the request is yours"),
        EventKind.CALL_MISSED: _("We called a number that we hold and did not reach you"),
        EventKind.CALL_DENIED: _("Identity not confirmed"),
        EventKind.LETTER_SENT: _("We sent a registered letter with a code"),
        EventKind.LETTER_CONFIRMED: _("We have the code of our registered letter"),
        EventKind.LETTER_RETURNED: _("Our registered letter came back"),
        EventKind.DOUBT_LIFTED: _("We no longer doubt that the request is yours"),
        EventKind.CLARIFICATION_ASKED: _("We asked you a question"),
        EventKind.ADDED: _("We added this") if is_ours else _("You added this"),
        EventKind.EXTENDED: _("We took more time"),
        EventKind.SECOND_OPINION_ASKED: _("A second person reads our answer"),
        EventKind.SECOND_OPINION_GIVEN: _("A second person has read our answer"),
        EventKind.PACKAGE_READY: _("Your file is ready"),
        EventKind.ERASURE_SCHEDULED: _("We decided the erasure"),
        EventKind.ERASURE_RETURNED: _("We look at the erasure again"),
        EventKind.ERASURE_HELD: _("Part of the erasure waits: a dispute or an inspection needs these data")
        if event.text
        else _("The erasure waits: a dispute or an inspection needs your data"),
        EventKind.ANSWERED: _("We answered"),
        EventKind.CLOSED: _("Request closed by our answer"),
        EventKind.WITHDRAWN: _("You cancelled the request"),
        EventKind.REOPENED: _("Request reopened"),
        EventKind.NOTE: _("Note"),
    }
    # The answer has a place of its own on the page.
    text = "" if event.kind is EventKind.ANSWERED else event.text
    return Moment(event.at, titles[event.kind], text)
