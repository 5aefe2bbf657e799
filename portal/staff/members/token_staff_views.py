"""Administration: the bearer tokens of machines."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access.declare import requires, staff
from portal.access.models import ApiToken
from portal.access.permissions import Permission
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.staff.approvals.kinds import kinds
from portal.staff.approvals.proposing import open_of
from portal.staff.forms import SCOPE_LABELS, TokenForm
from portal.staff.members.tokens import TOKEN, all_tokens, propose_token, revoke_token, show_token
from portal.staff.staff_blueprint import blueprint
from portal.web.forms import form_page
from portal.web.pagination import keyset_page
from portal.web.shown_once import forget_shown, keep_to_show, kept_to_show

FRESH = "fresh_token"
PAGE_SIZE = 50
# To make a token needs a fresh proof, because a screen may be left alone. To revoke one must not wait.
MAKES_A_TOKEN = staff(Permission.MANAGE_TOKENS, needs_fresh=True)


@blueprint.get("/tokens")
@requires(staff(Permission.MANAGE_TOKENS))
def tokens() -> str:
    page = keyset_page(
        all_tokens(),
        [(ApiToken.created_at, True), (ApiToken.id, True)],
        lambda token: (token.created_at, token.id),
        cursor=request.args.get("after"),
        size=PAGE_SIZE,
        name="api-tokens",
    )
    fresh = kept_to_show(FRESH)
    forget_shown(FRESH)
    return render_template(
        "staff/staff/tokens.html",
        page=page,
        scope_labels=SCOPE_LABELS,
        now=clock.now(),
        waiting=open_of([TOKEN]),
        kinds=kinds(),
        fresh=dict(zip(("name", "text"), fresh, strict=True)) if fresh else None,
    )


@blueprint.route("/tokens/new", methods=["GET", "POST"])
@requires(MAKES_A_TOKEN)
def new_token() -> Any:
    form = TokenForm()
    form.offer(installed.organisation(), str(get_locale()))
    if form.validate_on_submit():
        with transaction():
            wanted = (form.name.data, form.scopes.data, form.days.data, form.reason.data, form.system.data)
            public_id = propose_token(current_user, *wanted).public_id
        return redirect(url_for("staff.staff.approval", public_id=public_id), 303)
    return form_page("staff/staff/new_token.html", form)


@blueprint.post("/tokens/<public_id>/show")
@requires(MAKES_A_TOKEN)
def token_show(public_id: str) -> AnyResponse:
    """Show the text of a token that was seconded, to the administrator who takes it to its system, once."""
    with transaction():
        shown = show_token(current_user, public_id) or abort(404)
    keep_to_show(FRESH, *shown)
    return redirect(url_for("staff.staff.tokens"), 303)


@blueprint.post("/tokens/<public_id>/revoke")
@requires(staff(Permission.MANAGE_TOKENS))
def token_revoke(public_id: str) -> AnyResponse:
    with transaction():
        revoked = revoke_token(current_user, public_id)
        name = revoked.name if revoked else abort(404)
    flash(_("The token “%(name)s” is revoked. It opens nothing any more.", name=name), "success")
    return redirect(url_for("staff.staff.tokens"), 303)
