"""What a customer's first page says first: their most urgent request with its date, then what else waits for them."""

from datetime import date

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import and_, or_, select

from portal import clock
from portal.bilingual import NBSP
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.personal_data.notices import Notice, on_notices
from portal.rights.clock import running
from portal.rights.lifecycle import STAGES, Status, stage
from portal.rights.models import RightsRequest
from portal.web.filters import relative_days, short_date

SHOWN = 20


@on_notices
def requests(customer: Customer) -> list[Notice]:
    """Return the customer's most urgent open request, then what else waits for them: a question, a file to take."""
    is_ready = and_(AnswerPackage.status == PackageStatus.READY, AnswerPackage.expires_at > clock.now())
    statement = (
        select(RightsRequest, AnswerPackage)
        .outerjoin(AnswerPackage, AnswerPackage.request_id == RightsRequest.id)
        .where(RightsRequest.customer_id == customer.id, or_(RightsRequest.is_open.is_(True), is_ready))
        .order_by(RightsRequest.is_open.desc(), RightsRequest.sort_on, RightsRequest.id)
        .limit(SHOWN)
    )
    found = [(request, package) for request, package in db.session.execute(statement)]
    return [
        _under_way(request) if request.is_open else _file(request, package)
        for place, (request, package) in enumerate(found)
        if place == 0 or not request.is_open or _awaited(request)
    ]


def _under_way(request: RightsRequest) -> Notice:
    language, awaited = str(get_locale()), _awaited(request)
    steps = [label.text(language) for label in STAGES]
    return Notice(
        title=request.right.customer_label(language),
        text=awaited or " · ".join(_state_in_words(request, language)),
        url=url_for("customer.rights.follow", reference=request.reference),
        link_text=_("Follow this request"),
        reference=request.reference,
        state=_state(request, awaited),
        before=_before(request),
        day=request.due_on or request.paused_on,
        stages=[
            (steps[0], _day(request.received_at)), (steps[1], ""), (steps[2], ""), (steps[3], _day(request.due_on)),
        ],
        stage=stage(request.status),
    )  # fmt: skip


def _file(request: RightsRequest, package: AnswerPackage) -> Notice:
    return Notice(
        title=request.right.customer_label(get_locale()),
        text=_("Your file is ready."),
        url=url_for("customer.exports.package", public_id=package.public_id),
        link_text=_("Open your file"),
        reference=request.reference,
        state="answered",
        before=_("Your file is ready, and kept until"),
        day=package.expires_at,
    )


def _day(moment: date | None) -> str:
    """Return a day without its year: a fourth of a phone has no room for it, and the date above has it."""
    return short_date(moment).rpartition(NBSP)[0]


def _awaited(request: RightsRequest) -> str:
    """Return what we wait for, in words; empty where the person has nothing to do."""
    return {
        Status.IDENTITY_PENDING: _("We are waiting for your identity document."),
        Status.CLARIFICATION_PENDING: _("We are waiting for your answer."),
    }.get(request.status, "")


def _state_in_words(request: RightsRequest, language: str) -> list[str]:
    when = [relative_days(request.due_on)] if request.due_on else []
    return [*when, request.status.customer_label(language)]


def _state(request: RightsRequest, awaited: str) -> str:
    if running.is_late(request):
        return "late"
    return "yours" if awaited else "paused" if request.is_paused else "running"


def _before(request: RightsRequest) -> str:
    if request.due_on is None:
        return _("The deadline has been on hold since")
    return _("Our answer was due by") if running.is_late(request) else _("We will answer by")
