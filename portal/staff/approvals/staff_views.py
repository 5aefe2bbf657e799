"""What takes two people: the proposals that wait, one of them, and the answer of the second person."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import STAFF, STAFF_FRESH, requires
from portal.access.reauthentication import is_fresh
from portal.infrastructure.database import transaction
from portal.staff.approvals.deciding import (
    ApprovalOver,
    Hindrance,
    MayNotDecide,
    TargetChanged,
    decline,
    hindrance,
    new_until,
    second,
    takes_shell,
)
from portal.staff.approvals.forms import Answer, AnswerForm
from portal.staff.approvals.kinds import CannotCarryOut, kinds
from portal.staff.approvals.listing import (
    compare,
    decided_page,
    find_approval,
    has_approvals,
    may_see,
    names_of,
    own_open,
    waiting_for,
)
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.staff_blueprint import blueprint
from portal.web.filters import date_time


@blueprint.get("/approvals")
@requires(STAFF)
def approvals() -> str:
    if not has_approvals(current_user):
        abort(403)
    waiting, own = waiting_for(current_user), own_open(current_user)
    page = decided_page(current_user, request.args.get("cursor"))
    return render_template(
        "staff/staff/approvals.html", waiting=waiting, own=own,
        page=page, kinds=kinds(), names=names_of([*waiting, *own, *page.rows]),
    )  # fmt: skip


@blueprint.get("/approvals/<public_id>")
@requires(STAFF)
def approval(public_id: str) -> str:
    return _page(_find(public_id), AnswerForm(formdata=None))


@blueprint.post("/approvals/<public_id>")
@requires(STAFF_FRESH)
def answer_approval(public_id: str) -> Any:
    found, form = _find(public_id), AnswerForm()
    if not form.validate():
        return _page(found, form), 422
    trouble = _decide(found, form)
    if trouble:
        return _page(found, form, trouble), 409
    is_yes = form.answer.data == Answer.SECOND
    flash(_("Seconded: it is carried out.") if is_yes else _("Declined. Nothing was changed."), "success")
    return redirect(url_for(".approval", public_id=public_id), 303)


def _find(public_id: str) -> Approval:
    found = find_approval(public_id) or abort(404)
    if not may_see(current_user, found):
        abort(403)
    return found


def _decide(found: Approval, form: AnswerForm) -> str | None:
    """Do what the form says; return why it was not done, or None."""
    act = second if form.answer.data == Answer.SECOND else decline
    try:
        with transaction():
            act(found.public_id, current_user, form.words.data)
    except MayNotDecide:
        abort(403)
    except ApprovalOver:
        return _over(found)
    except TargetChanged:
        return _(
            "What it would change has changed since it was proposed, so nothing was done. Decline it, and have it "
            "proposed anew."
        )
    except CannotCarryOut as error:
        return _("It could not be carried out, and nothing was changed: %(words)s", words=error.words)
    return None


def _over(found: Approval) -> str:
    if found.state_now is ApprovalState.ENDED:
        return _("It ended on %(at)s: nobody can decide it any more. Nothing was done.", at=date_time(found.ends_at))
    return _("Somebody else was quicker, on %(at)s. Nothing was done twice.", at=date_time(found.decided_at))


def _page(found: Approval, form: AnswerForm, trouble: str | None = None) -> str:
    is_open = found.state_now is ApprovalState.PROPOSED
    return render_template(
        "staff/staff/approval.html", approval=found, kind=kinds()[found.what], form=form, trouble=trouble,
        facts=compare(found, str(get_locale())), is_open=is_open, hindrances=Hindrance,
        hindrance=hindrance(found, current_user) if is_open else None, new_until=new_until(found, current_user),
        takes_shell=is_open and takes_shell(found), is_fresh=is_fresh(), name=names_of([found]).get(found.target),
    )  # fmt: skip
