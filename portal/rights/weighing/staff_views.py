"""Weighing one use of an objection, on the page of its item."""

from typing import Any

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.infrastructure.database import transaction
from portal.lookups.access_log import CASE_WORK, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.records.data_map.kinds import installed_data_map
from portal.records.objections import interest_of, kinds_for_these_alone
from portal.rights.deciding.case_staff_views import acted, find_case
from portal.rights.items.telling.showing import show_item
from portal.rights.models import RightsRequest
from portal.rights.staff_blueprint import blueprint
from portal.rights.weighing.forms import WeighingForm
from portal.rights.weighing.weighing import NotWeighable, check_use, typed_before, weigh, weighings_of

PATH = "/requests/<reference>/uses/<int:item_id>"


@blueprint.get(PATH)
@requires(staff(Permission.DECIDE_REQUEST))
def use(reference: str, item_id: int) -> Any:
    found = find_case(reference)
    before = typed_before(weighings_of(found.id).get(check_use(found, item_id).kind))
    form = WeighingForm(data={"version": str(found.version)} | before, formdata=None, prefix="use")
    return _draw(reference, item_id, form)


@blueprint.post(PATH)
@requires(staff(Permission.DECIDE_REQUEST))
def weigh_use(reference: str, item_id: int) -> Any:
    form = WeighingForm(prefix="use")
    if not form.validate():
        return _draw(reference, item_id, form), 422
    with transaction():
        weigh(find_case(reference), current_user, item_id, form.balance, form.seen_version)
    return acted(reference, _("The weighing is recorded."))


@blueprint.errorhandler(NotWeighable)
def not_weighable(_error: NotWeighable) -> Any:
    return current_app.handle_http_exception(NotFound())  # a handler of errors cannot abort


def _draw(reference: str, item_id: int, form: WeighingForm) -> str:
    found = find_case(reference)
    look = Look(found.customer_id, REQUEST, CASE_WORK, found.reference)
    return draw_customer_page(
        "rights/staff/weighing/use.html", current_user, [look], lambda: _what(find_case(reference), item_id, form)
    )


def _what(found: RightsRequest, item_id: int, form: WeighingForm) -> dict[str, Any]:
    item, language = check_use(found, item_id), str(get_locale())
    shown = show_item(found, item, language, clock.now())
    kinds = kinds_for_these_alone(found.customer_id, [item.kind])
    return {
        "case": found,
        "item": item,
        "shown": shown,
        "asked": found.asked.in_words(language),
        "interest": interest_of(item.kind, language),
        "serves": [installed_data_map().kinds[code].label.text(language) for code in kinds],
        "form": form,
    }
