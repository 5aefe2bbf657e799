"""Administration: staff members and their roles, the permission table."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access.declare import STAFF, requires, staff
from portal.access.permissions import PERMISSIONS, Permission, Role
from portal.customers.addresses import AddressRefused
from portal.infrastructure.database import transaction
from portal.staff.approvals.forms import ProposalForm
from portal.staff.approvals.kinds import kinds
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import open_of
from portal.staff.forms import InviteForm, ReviewForm, RoleForm
from portal.staff.members.administration import (
    MemberState,
    NotYours,
    Pair,
    all_members,
    disable,
    end_sessions,
    last_uses,
    lock_pair,
    member_by_public_id,
    member_state,
    open_sessions,
)
from portal.staff.members.invitation import MemberExists, check_free
from portal.staff.members.proposals import (
    ABOUT_MEMBERS,
    TARGET,
    OutOfPlace,
    propose_invitation,
    propose_reopening,
    propose_role,
    propose_way_in,
)
from portal.staff.members.rights_review import ListChanged, digest, last_review, note_review, reviewed_members
from portal.staff.models import StaffMember
from portal.staff.staff_blueprint import blueprint
from portal.web.forms import PortalForm, form_page, not_an_address
from portal.web.pagination import keyset_page

PAGE_SIZE = 50
# To give somebody a way in needs a fresh proof, because a screen may be left alone. To close one must not wait.
GIVES_A_WAY_IN = staff(Permission.MANAGE_STAFF, needs_fresh=True)
# The review marks a member who has not come in for this long: do they still need their role?
LONG_UNUSED = timedelta(days=90)


@blueprint.get("/permissions")
@requires(STAFF)
def permissions() -> str:
    return render_template(
        "staff/staff/permissions.html", roles=list(Role), permissions=list(Permission), table_of=PERMISSIONS
    )


@blueprint.get("/members")
@requires(staff(Permission.MANAGE_STAFF))
def members() -> str:
    page = keyset_page(
        all_members(),
        [(StaffMember.name, False), (StaffMember.id, False)],
        lambda member: (member.name, member.id),
        cursor=request.args.get("after"),
        size=PAGE_SIZE,
        name="staff-members",
    )
    uses = last_uses([member.id for member in page.rows])
    return render_template(
        "staff/staff/members.html", page=page, uses=uses, state_of=member_state, review=last_review(),
        waiting=open_of(ABOUT_MEMBERS), kinds=kinds(),
    )  # fmt: skip


@blueprint.route("/members/review", methods=["GET", "POST"])
@requires(staff(Permission.MANAGE_STAFF))
def review_rights() -> Any:
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            with transaction():
                note_review(current_user, form.seen.data)
        except ListChanged:
            form.is_read.errors = [_("The list has changed while you were reading it. Read it again.")]
            form.is_read.data = False
        else:
            flash(_("The review is recorded."), "success")
            return redirect(url_for(".members"), 303)
    reviewed = reviewed_members()
    form.seen.data = digest(reviewed)
    uses = last_uses([member.id for member in reviewed])
    return form_page(
        "staff/staff/rights_review.html", form, members=reviewed, uses=uses, state_of=member_state,
        review=last_review(), long_ago=clock.now() - LONG_UNUSED,
    )  # fmt: skip


@blueprint.route("/members/new", methods=["GET", "POST"])
@requires(GIVES_A_WAY_IN)
def new_member() -> Any:
    form = InviteForm()
    public_id = _propose_member(form) if form.is_submitted() else None
    if public_id:
        return redirect(url_for("staff.staff.approval", public_id=public_id), 303)
    return form_page("staff/staff/new_member.html", form)


def _propose_member(form: InviteForm) -> str | None:
    """Propose whom the form names and return the proposal's id; otherwise note on the form all that is wrong."""
    is_valid = form.validate()
    try:
        with transaction():
            if is_valid:
                wanted = (form.email.data, form.name.data, form.role.data, form.reason.data)
                return propose_invitation(*wanted, current_user).public_id
            check_free(form.email.data or "")
    except AddressRefused:
        form.email.errors = form.email.errors or [not_an_address()]
    except MemberExists:
        form.email.errors = [_("Somebody with this address is in the list of staff members already.")]
    return None


@blueprint.get("/members/<public_id>")
@requires(staff(Permission.MANAGE_STAFF))
def member(public_id: str) -> str:
    return _member_page(public_id)


def _member_page(public_id: str, **typed: PortalForm) -> str:
    """Return the page of a member, with the forms that were sent in place of the empty ones."""
    found = member_by_public_id(public_id) or abort(404)
    forms = {
        "role": RoleForm(formdata=None, role=found.role),
        "way_in": ProposalForm(formdata=None, prefix="way_in-"),
        "reopening": ProposalForm(formdata=None, prefix="reopening-"),
    }
    return render_template(
        "staff/staff/member.html", member=found, state=member_state(found), states=MemberState,
        is_self=found.id == current_user.id, sessions=open_sessions(found.id),
        last_use=last_uses([found.id]).get(found.id), forms=forms | typed, refused=next(iter(typed.values()), None),
        waiting=open_of(ABOUT_MEMBERS, f"{TARGET}{public_id}"), kinds=kinds(),
    )  # fmt: skip


@blueprint.post("/members/<public_id>/role")
@requires(GIVES_A_WAY_IN)
def member_role(public_id: str) -> Any:
    form = RoleForm()
    return _propose(public_id, "role", form, lambda pair: propose_role(pair, form.role.data, form.reason.data))


@blueprint.post("/members/<public_id>/enable")
@requires(GIVES_A_WAY_IN)
def member_enable(public_id: str) -> Any:
    form = ProposalForm(prefix="reopening-")
    return _propose(public_id, "reopening", form, lambda pair: propose_reopening(pair, form.reason.data))


@blueprint.post("/members/<public_id>/way-in")
@requires(GIVES_A_WAY_IN)
def member_way_in(public_id: str) -> Any:
    form = ProposalForm(prefix="way_in-")
    return _propose(public_id, "way_in", form, lambda pair: propose_way_in(pair, form.reason.data))


def _propose(public_id: str, name: str, form: PortalForm, propose: Callable[[Pair], Approval]) -> Any:
    if current_user.public_id == public_id:
        abort(403)
    if not form.validate():
        return _member_page(public_id, **{name: form}), 422
    try:
        with transaction():
            proposal_id = propose(_lock(public_id)).public_id
    except OutOfPlace:
        return _back(public_id, _("Nothing was proposed: it is so already, or something else has to come first."))
    return redirect(url_for("staff.staff.approval", public_id=proposal_id), 303)


@blueprint.post("/members/<public_id>/disable")
@requires(staff(Permission.MANAGE_STAFF))
def member_disable(public_id: str) -> AnyResponse:
    with transaction():
        disable(_lock(public_id))
    return _back(public_id, _("The way in is closed, and the sessions are ended."))


@blueprint.post("/members/<public_id>/sessions")
@requires(staff(Permission.MANAGE_STAFF))
def member_sessions(public_id: str) -> AnyResponse:
    with transaction():
        ended = end_sessions(_lock(public_id))
    return _back(public_id, ngettext("%(num)s session is ended.", "%(num)s sessions are ended.", ended))


def _lock(public_id: str) -> Pair:
    try:
        pair = lock_pair(current_user.id, public_id)
    except NotYours:
        abort(403)
    return pair or abort(404)


def _back(public_id: str, message: str) -> AnyResponse:
    flash(message, "success")
    return redirect(url_for("staff.staff.member", public_id=public_id), 303)
