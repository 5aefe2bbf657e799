"""What a customer's first page says first: their most urgent request with its date, then what else waits for them."""

from datetime import datetime

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import and_, or_, select

from portal import clock
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import UNDER_WAY
from portal.personal_data.notices import Notice, on_notices
from portal.rights.erasing.standing import CAN_BE_CANCELLED, waits_for_copy
from portal.rights.erasing.status import Status, status_of
from portal.rights.following.standing import awaited, before_day, stage_now, stages_of, state_of
from portal.rights.models import RightsRequest
from portal.web.filters import relative_days, time_of_day

SHOWN = 20


@on_notices
def requests(customer: Customer) -> list[Notice]:
    """Return the customer's most urgent open request, then what else waits for them: a question, a file to take."""
    is_ready = and_(AnswerPackage.status == PackageStatus.READY, AnswerPackage.expires_at > clock.now())
    is_decided = and_(Erasure.request_id == RightsRequest.id, Erasure.state.in_((*UNDER_WAY, ErasureState.WAITING)))
    statement = (
        select(RightsRequest, AnswerPackage, Erasure)
        .outerjoin(AnswerPackage, AnswerPackage.request_id == RightsRequest.id)
        .outerjoin(Erasure, is_decided)
        .where(RightsRequest.customer_id == customer.id, or_(RightsRequest.is_open.is_(True), is_ready))
        .order_by(Erasure.id.is_(None), RightsRequest.is_open.desc(), RightsRequest.sort_on, RightsRequest.id)
        .limit(SHOWN)
    )
    found = list(db.session.execute(statement))
    return [
        _erasing(request, erasure) if erasure else _under_way(request) if request.is_open else _file(request, package)
        for place, (request, package, erasure) in enumerate(found)
        if place == 0 or not request.is_open or awaited(request)
    ]


def _erasing(request: RightsRequest, erasure: Erasure) -> Notice:
    """Say before all else that an erasure is decided: it is the one thing that cannot be undone."""
    told = status_of(erasure, str(get_locale()))
    before, day, text = _when(erasure, told)
    can_be_cancelled = erasure.state in CAN_BE_CANCELLED
    return Notice(
        title=told.title if can_be_cancelled else _("The erasure is under way"),
        text=text,
        url=url_for("customer.rights.follow", reference=request.reference),
        link_text=_("Open it, or cancel it") if can_be_cancelled else _("See where it stands"),
        reference=request.reference,
        state="yours" if can_be_cancelled else "running",
        before=before,
        day=day,
    )


def _when(erasure: Erasure, told: Status) -> tuple[str, datetime | None, str]:
    """Return what stands before the day of an erasure, the day, and what is said of it."""
    if erasure.state is ErasureState.WAITING:
        return "", None, told.sentence
    if erasure.state is not ErasureState.COOLING:
        return _("It began on"), erasure.started_at or erasure.runs_at, ""
    time = time_of_day(told.begins_at)
    text = told.sentence if waits_for_copy(erasure) else _("At %(time)s. Until then you can cancel it.", time=time)
    return told.before, told.begins_at, text


def _under_way(request: RightsRequest) -> Notice:
    language = str(get_locale())
    return Notice(
        title=request.right.customer_label(language),
        text=awaited(request) or " · ".join(_state_in_words(request, language)),
        url=url_for("customer.rights.follow", reference=request.reference),
        link_text=_("Follow this request"),
        reference=request.reference,
        state=state_of(request),
        before=before_day(request),
        day=request.due_on or request.paused_on,
        stages=stages_of(request, language),
        stage=stage_now(request),
    )


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


def _state_in_words(request: RightsRequest, language: str) -> list[str]:
    when = [relative_days(request.due_on)] if request.due_on else []
    return [*when, request.status.customer_label(language)]
