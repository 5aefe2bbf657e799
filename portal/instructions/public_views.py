"""The page behind the link of a mail: what a system or recipient has to do, and where it answers."""

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from portal.access.declare import PUBLIC, requires
from portal.infrastructure.database import transaction
from portal.instructions.acknowledging import Result, Settled, answer
from portal.instructions.contents import contents_of, kinds_in_words, what_in_words
from portal.instructions.forms import AnswerForm
from portal.instructions.models import CLOSED_STATES, Instruction
from portal.instructions.sending.mails import find_by_link
from portal.instructions.targets import target_name
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import count_try

blueprint = Blueprint("instructions", __name__)


@blueprint.route("/instruction/<token>", methods=["GET", "POST"])
@requires(PUBLIC)
def instruction(token: str) -> Any:
    """Show what is to be done, and take the answer by a press: a mail program that opens links answers nothing."""
    count_try(by_network(60, "5 minutes", "instruction"))
    row, form = find_by_link(token) or abort(404), AnswerForm()
    if form.validate_on_submit() and row.state not in CLOSED_STATES:
        _answer(row.public_id, form)
        return redirect(url_for(".instruction", token=token), 303)
    return _page(row, token, form)


def _answer(public_id: str, form: AnswerForm) -> None:
    try:
        with transaction():
            answer(public_id, Result(form.result.data), form.words.data or "")
    except Settled:
        pass  # the page says by whom and when


def _page(row: Instruction, token: str, form: AnswerForm) -> Response:
    language = str(get_locale())
    page = render_template(
        "instructions/public/instruction.html", row=row, token=token, form=form, contents=contents_of(row),
        kinds=kinds_in_words(row, language), target=target_name(row.target, language),
        what=what_in_words(row, language), is_closed=row.state in CLOSED_STATES,
    )  # fmt: skip
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
    return make_response(page, 422 if form.errors else 200, headers)
