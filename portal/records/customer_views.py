"""What a customer sees of what the company holds: nine categories, and each of them with its five answers."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.customers.masks import note_shown
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.personal_data.agreements import Agreements
from portal.personal_data.categories import CATEGORIES, Category, Question
from portal.personal_data.corrections.statements import NO_STATEMENTS, statements_of
from portal.personal_data.notices import notices, recent_accesses
from portal.personal_data.restrictions.standing import is_restricted
from portal.records.answers import answers_of, choices_told
from portal.records.cards import Cards
from portal.records.data_map.kinds import installed_data_map
from portal.records.finding.choices import kinds_to_choose, periods_to_choose, volume
from portal.records.finding.filters import Filter
from portal.records.finding.groups import grouped
from portal.records.finding.sizes import COUNTED
from portal.records.queries import first_page, overview, pages_elsewhere, portal_count, portal_items, records_page

blueprint = Blueprint("records", __name__)

RECENT_ACCESSES = 3


@blueprint.get("/data")
@requires(CUSTOMER)
def dashboard() -> str:
    customer = current_user.customer
    held = first_page(customer.id)
    return render_template(
        "records/customer/dashboard.html",
        on_hold=is_restricted(customer.id),
        customer=customer,
        tiles=held.tiles,
        archived=held.archived,
        notices=notices(customer),
        accesses=recent_accesses(customer, RECENT_ACCESSES),
    )


@blueprint.get("/data/<category>")
@requires(CUSTOMER)
def category(category: str) -> str:
    return _category_page(category, is_masked=True)


@blueprint.get("/data/<category>/in-full")
@requires(CUSTOMER_FRESH)
def category_in_full(category: str) -> str | Response:
    """Show the same page with nothing masked, to whoever has just proven themselves; it leaves only with its trace.

    A proof loses the part of an address after `#`, so the value to land on comes as `value`.
    """
    if category not in CATEGORIES:
        abort(404)
    others: dict[str, Any] = request.args.to_dict()
    anchor = others.pop("value", None)
    if anchor:
        return redirect(url_for(".category_in_full", category=category, _anchor=anchor, **others), 303)
    with transaction(is_trace=True):
        note_shown(current_user.customer, category)
        return _category_page(category, is_masked=False)


def _category_page(category: str, *, is_masked: bool) -> str:
    if category not in CATEGORIES:
        abort(404)
    shown, customer_id, language = Category(category), current_user.customer_id, str(get_locale())
    data_map, organisation = installed_data_map(), installed.organisation()
    cursor, chosen = request.args.get("cursor"), Filter.read(request.args, shown, data_map)
    held = overview(customer_id, shown, data_map)
    others = held.counts.keys() - {"records"}
    agreements = Agreements.of(
        customer_id, choices_told(shown, held.kinds, others, data_map, has_records=bool(held.records))
    )
    statements = statements_of(customer_id) if held.has_statements else NO_STATEMENTS
    cards = Cards(data_map, organisation, agreements, language, is_masked=is_masked, statements=statements)
    page = records_page(customer_id, shown, chosen, cards.words_of, cursor)
    own_items = [] if cursor or chosen else portal_items(customer_id, shown, language, held.counts)
    return render_template(
        "records/customer/category.html",
        category=shown,
        rights_question=Question.RIGHTS,
        held=held,
        chosen=chosen,
        kinds=kinds_to_choose(held.kinds, held.by_kind, language),
        periods=periods_to_choose(held.by_month, held.oldest_at, language),
        volume=volume(held.by_month, language),
        counted=COUNTED,
        page=page,
        is_first_page=not cursor or bool(page.rows and not page.previous_cursor),
        groups=grouped(page.rows, cards),
        portal_cards=cards.of_items(own_items),
        cards=cards,
        is_masked=is_masked,
        portal_count=portal_count(shown, held.counts),
        elsewhere=pages_elsewhere(shown, held.counts),
        answers=answers_of(
            shown,
            held.kinds,
            others,
            data_map,
            organisation,
            agreements,
            language,
            has_records=held.records > 0 or bool(held.archived),
        ),
    )
