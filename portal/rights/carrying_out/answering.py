"""Carry a decision out: what the portal does by itself, right by right, and the answer that leaves.

An answer, its event, its audit, its mail and its effect on what marketing may do are one transaction.
"""

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.exports.delivery import package_of_request
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import on_ready, request_again, request_package
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.proof import checking
from portal.identity_checks.queries import checks_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.preferences.choices import consent
from portal.preferences.choices.choosing import choice_of
from portal.preferences.models import Origin
from portal.rights.asked import Use
from portal.rights.following.history import add_event
from portal.rights.intents import Intent
from portal.rights.lifecycle import InvalidStep, Outcome, Right, Status, Step, advance
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.staff.models import StaffMember

ANSWERED = declare("customer:request:answered", "reference", "right", "outcome")
ASKED_AGAIN = declare("staff:package:requested_again", "reference", "package")

PACKAGED = {Right.ACCESS: "access", Right.PORTABILITY: "portability"}

_FLAGS_OF_USE = {
    Use.PROFILING: ("personalisation", "marketing_profiling"),
    Use.STATISTICS: ("audience_statistics", "cookies.audience_measurement"),
}


def fulfil(request: RightsRequest, outcome: Outcome, message: str, staff: StaffMember | None) -> None:
    """Carry a decision out, in the current transaction.

    Access and portability are answered by a package: the answer leaves when it is ready. Everything else leaves now.

    Args:
        message: what the person reads in the answer; with a package it is taken from the decision when that is ready.
        staff: who decided; None when the portal answers by itself.
    """
    request.outcome = outcome
    request.holder_id = request.held_until = None
    if request.right in PACKAGED and outcome is not Outcome.REFUSED:
        if request.status is not Status.IN_REVIEW:
            request.status = advance(request.status, Step.START_REVIEW)
        request_package(
            request.customer, purpose=PACKAGED[request.right], request_id=request.id, language=request.language,
            categories=request.answers.get("categories") or None,
        )  # fmt: skip
        return
    if outcome is not Outcome.REFUSED:
        _take_effect(request)
    _send_answer(request, message, staff)


def _take_effect(request: RightsRequest) -> None:
    """Clear what marketing may do, in the same transaction: never a mail after the decision that forbids it."""
    customer = request.customer
    match request.right:
        case Right.RESTRICTION:
            customer.status, customer.restricted_at = CustomerStatus.RESTRICTED, clock.now()
            consent.suppress(customer, "restricted")
        case Right.ERASURE if "limited_to" not in request.answers:
            consent.suppress(customer, "erased")
        case Right.OBJECTION:
            _stop_use(request)
        case _:
            pass


def _stop_use(request: RightsRequest) -> None:
    """Clear the choices behind the use that the customer objects to; in doubt, everything that is marketing."""
    customer, use = request.customer, request.answers.get("use")
    if request.intent == Intent.REVIEW_DECISION:
        return
    if use not in _FLAGS_OF_USE:
        consent.object_to_marketing(customer, origin=Origin.REQUEST, language=request.language)
        return
    company = installed.organisation().name
    choices = [choice_of(flag, False, company, request.language) for flag in _FLAGS_OF_USE[use]]
    consent.record_choices(customer, choices, origin=Origin.REQUEST, language=request.language)


def _send_answer(request: RightsRequest, message: str, staff: StaffMember | None) -> None:
    _end(request, message, staff)
    write_to_customer(request, "rights/answered" if request.outcome is Outcome.GRANTED else "rights/refused")


def _end(request: RightsRequest, message: str, staff: StaffMember | None) -> None:
    """Move a request to answered, and to closed: nothing is owed any more once its answer is recorded.

    A document that came meanwhile, or was never looked at, is destroyed with it.
    """
    assert request.outcome is not None
    for check in checks_of(request.id):
        checking.abandon(check)
    end_all(request.customer_id, request.reference)
    request.status = advance(advance(request.status, Step.ANSWER), Step.CLOSE)
    request.answered_at = request.closed_at = clock.now()
    request.is_open = False
    add_event(request, EventKind.ANSWERED, staff=staff, text=message)
    add_event(request, EventKind.CLOSED)
    record(
        ANSWERED, actor=f"staff:{staff.public_id}" if staff else "portal",
        subject=f"customer:{request.customer.public_id}", reference=request.reference, right=request.right,
        outcome=request.outcome,
    )  # fmt: skip


@on_ready
def answer_with_package(package: AnswerPackage) -> None:
    """Let the answer leave in the transaction that makes its package ready."""
    if package.request_id is None:
        return
    # The customer may be taking the request back at this moment.
    request = db.session.get_one(RightsRequest, package.request_id, with_for_update=True, populate_existing=True)
    if not request.is_open or request.outcome is None:
        return
    newest = select(RequestDecision.message).where(RequestDecision.request_id == request.id)
    message = db.session.execute(newest.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none()
    add_event(request, EventKind.PACKAGE_READY)
    _end(request, message or "", staff=None)
    assert package.expires_at
    write_to_customer(
        request, "rights/package_ready", expires_at=package.expires_at.isoformat(),
        is_partial=request.outcome is Outcome.PARTIAL,
    )  # fmt: skip


def prepare_again(request: RightsRequest, member: StaffMember) -> None:
    """Have the copy of a request tried anew after it could not be made, in the current transaction.

    Raises:
        InvalidStep: unless its copy has failed.
    """
    package = package_of_request(request.id)
    if package is None or package.status is not PackageStatus.FAILED or not request.is_open:
        raise InvalidStep(request.status, Step.ANSWER)
    request_again(package)
    record(
        ASKED_AGAIN, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, package=package.public_id,
    )  # fmt: skip


def write_to_customer(request: RightsRequest, template: str, **context: str | bool | None) -> None:
    """Queue a mail about a request to its customer, in the customer's language; nothing without an address."""
    customer: Customer = request.customer
    if customer.email:
        queue_mail(
            template, customer.email, customer.language, customer_id=customer.id, first_name=customer.given_name,
            reference=request.reference, **context,
        )  # fmt: skip
