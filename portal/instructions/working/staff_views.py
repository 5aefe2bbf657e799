"""The team works off what systems and recipients have to do; the officer says who need not."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.instructions.acknowledging import Settled, acknowledge_for, exempt, find_instruction
from portal.instructions.contents import contents_of, kinds_in_words, what_in_words
from portal.instructions.models import CLOSED_STATES, Exemption, Instruction
from portal.instructions.targets import find_target, target_name
from portal.instructions.working.forms import ExemptForm
from portal.instructions.working.work_list import (
    for_the_officer,
    for_the_team,
    is_late,
    open_page,
    references_of,
)
from portal.lookups.access_log import CASE_WORK, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.lookups.opening import is_own_file
from portal.personal_data.erasure.listeners import reference_of_request
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember

blueprint = Blueprint("working", __name__)


@on_desk(
    Label(fr="Systèmes à faire suivre, par la liste", en="Systems to follow up, from the list"),
    rank=Rank.PERSON, endpoint="staff.working.instructions",
)  # fmt: skip
def to_work_off(member: StaffMember) -> Counted | None:
    """Return how much the team has to see to in a system; None for who does not work on it."""
    return count_waiting(for_the_team()) if member.may(Permission.WORK_INSTRUCTIONS) else None


@on_desk(
    Label(fr="Systèmes sans réponse depuis 30 jours, ou qui refusent", en="Systems silent for 30 days, or that refuse"),
    rank=Rank.PERSON, endpoint="staff.working.instructions",
)  # fmt: skip
def to_decide(member: StaffMember) -> Counted | None:
    """Return how much only the officer can settle; None for others."""
    return count_waiting(for_the_officer()) if member.may(Permission.EXEMPT_INSTRUCTION) else None


@blueprint.get("/instructions")
@requires(staff(Permission.WORK_INSTRUCTIONS))
def instructions() -> str:
    page = open_page(request.args.get("after"))
    return render_template(
        "instructions/staff/instructions.html", page=page, references=references_of(list(page.rows)), name=_name,
        what=_what, is_late=is_late,
    )  # fmt: skip


@blueprint.get("/instructions/<public_id>")
@requires(staff(Permission.WORK_INSTRUCTIONS))
def instruction(public_id: str) -> str:
    return _page(public_id, ExemptForm(formdata=None))


@blueprint.post("/instructions/<public_id>/acknowledge")
@requires(staff(Permission.WORK_INSTRUCTIONS))
def acknowledge(public_id: str) -> Response:
    _found(public_id)
    try:
        with transaction():
            acknowledge_for(public_id, current_user.public_id)
        flash(_("Noted as done."), "success")
    except Settled:
        flash(_("It was settled already."), "info")
    return redirect(url_for(".instruction", public_id=public_id), 303)


@blueprint.post("/instructions/<public_id>/exempt")
@requires(staff(Permission.EXEMPT_INSTRUCTION))
def exempt_from(public_id: str) -> Any:
    _found(public_id)
    form = ExemptForm()
    if not form.validate_on_submit():
        return _page(public_id, form), 422
    try:
        with transaction():
            exempt(public_id, Exemption(form.cause.data), form.words.data, current_user.public_id)
        flash(_("The exemption is noted, and the customer can read why."), "success")
    except Settled:
        flash(_("It was settled already."), "info")
    return redirect(url_for(".instruction", public_id=public_id), 303)


def _found(public_id: str) -> Instruction:
    """Return an instruction, or answer 404; 403 where the member is the person whose data it is about."""
    row = find_instruction(public_id) or abort(404)
    return abort(403) if is_own_file(current_user, db.session.get_one(Customer, row.customer_id)) else row


def _page(public_id: str, form: ExemptForm) -> str:
    row = _found(public_id)
    look = Look(row.customer_id, REQUEST, CASE_WORK, reference_of_request(row.request_id))
    template = "instructions/staff/instruction.html"
    return draw_customer_page(template, current_user, [look], lambda: _shown(_found(public_id), form))


def _shown(row: Instruction, form: ExemptForm) -> dict[str, Any]:
    return {
        "row": row, "form": form, "contents": contents_of(row), "target": _name(row), "what": _what(row),
        "kinds": kinds_in_words(row, str(get_locale())), "holder": find_target(row.target), "is_late": is_late(row),
        "is_closed": row.state in CLOSED_STATES, "may_exempt": current_user.may(Permission.EXEMPT_INSTRUCTION),
    }  # fmt: skip


def _what(row: Instruction) -> str:
    return what_in_words(row, str(get_locale()))


def _name(row: Instruction) -> str:
    return target_name(row.target, str(get_locale()))
