"""The page of one item of a case: decide it by itself, decide records of it apart, or divide what words describe."""

from typing import Any, TypeVar

from flask import current_app, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.infrastructure.database import transaction
from portal.lookups.access_log import CASE_WORK, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.rights.deciding.case_staff_views import acted, find_case
from portal.rights.deciding.forms import CaseForm
from portal.rights.items import handling
from portal.rights.items.deciding import NotForItem, TooManyExceptions, choices_of, grounds_of
from portal.rights.items.forms import ItemForm, PartForm, RecordsForm, UsesForm
from portal.rights.items.handling import NoSuchItem
from portal.rights.items.models import RequestItem
from portal.rights.items.page import item_page
from portal.rights.staff_blueprint import blueprint
from portal.web.forms import PortalForm

Offered = TypeVar("Offered", bound=ItemForm)
PATH = "/requests/<reference>/items/<int:item_id>"


@blueprint.get(PATH)
@requires(staff(Permission.DECIDE_REQUEST))
def item(reference: str, item_id: int) -> Any:
    return _draw(reference, item_id)


@blueprint.post(PATH)
@requires(staff(Permission.DECIDE_REQUEST))
def decide_item(reference: str, item_id: int) -> Any:
    form = _offered(ItemForm(prefix="item"), reference, item_id)
    if not form.validate():
        return _draw(reference, item_id, item_form=form), 422
    try:
        with transaction():
            handling.decide(find_case(reference), current_user, item_id, form.choice, form.seen_version)
    except NotForItem:
        form.say_unfit()
        return _draw(reference, item_id, item_form=form), 422
    return acted(reference, _("The item is decided."))


@blueprint.post(f"{PATH}/records")
@requires(staff(Permission.DECIDE_REQUEST))
def decide_records(reference: str, item_id: int) -> Any:
    form = _offered(RecordsForm(prefix="records"), reference, item_id)
    if not form.validate():
        return _draw(reference, item_id, records_form=form), 422
    try:
        with transaction():
            named, seen = (form.records.data or [], form.span), form.seen_version
            handling.decide_records(find_case(reference), current_user, item_id, form.choice, *named, seen)
    except NotForItem:
        form.say_unfit()
    except TooManyExceptions:
        form.records.errors = [_("At most 500 records of an item are decided apart. Name a span of days.")]
    else:
        return acted(reference, _("These records are decided apart."))
    return _draw(reference, item_id, records_form=form), 422


@blueprint.post(f"{PATH}/records/<int:exception_id>/take-back")
@requires(staff(Permission.DECIDE_REQUEST))
def take_back(reference: str, item_id: int, exception_id: int) -> Any:
    form = CaseForm()
    with transaction():
        handling.take_back(find_case(reference), current_user, item_id, exception_id, form.seen_version)
    return acted(reference, _("They are decided as the rest again."))


@blueprint.post(f"{PATH}/divide")
@requires(staff(Permission.DECIDE_REQUEST))
def divide(reference: str, item_id: int) -> Any:
    form = PartForm(prefix="part")
    if not form.validate():
        return _draw(reference, item_id, part_form=form), 422
    with transaction():
        handling.divide(find_case(reference), current_user, item_id, form.words.data, form.seen_version)
    return acted(reference, _("This part is an item of its own now."))


@blueprint.post(f"{PATH}/uses")
@requires(staff(Permission.DECIDE_REQUEST))
def name_uses(reference: str, item_id: int) -> Any:
    form = UsesForm(prefix="uses")
    if not form.validate():
        return _draw(reference, item_id, uses_form=form), 422
    with transaction():
        handling.name_uses(find_case(reference), current_user, item_id, form.purposes.data, form.seen_version)
    return acted(reference, _("Each of these uses is an item now, to be weighed."))


@blueprint.errorhandler(NoSuchItem)
@blueprint.errorhandler(NotForItem)
def no_item(_error: NoSuchItem | NotForItem) -> Any:
    return current_app.handle_http_exception(NotFound())  # a handler of errors cannot abort


def _offered(form: Offered, reference: str, item_id: int) -> Offered:
    found = find_case(reference)
    item = handling.find_item(found, item_id)
    form.offer(choices_of(item, found), grounds_of(item, found.right))
    return form


def _draw(reference: str, item_id: int, **forms: PortalForm) -> str:
    found = find_case(reference)
    look = Look(found.customer_id, REQUEST, CASE_WORK, found.reference)
    return draw_customer_page("rights/staff/item.html", current_user, [look], lambda: _what(reference, item_id, forms))


def _what(reference: str, item_id: int, forms: dict[str, PortalForm]) -> dict[str, Any]:
    found = find_case(reference)
    item = handling.find_item(found, item_id)
    version = {"version": str(found.version)}
    blank: dict[str, Any] = {
        "item_form": ItemForm(data=version | _decided(item), formdata=None, prefix="item"),
        "records_form": RecordsForm(data=version, formdata=None, prefix="records"),
        "part_form": PartForm(data=version, formdata=None, prefix="part"),
        "uses_form": UsesForm(data=version, formdata=None, prefix="uses"),
        "may_name_uses": handling.may_name_uses(found, item),
        "back_form": CaseForm(data=version, formdata=None),
    }
    for name in ("item_form", "records_form"):
        blank[name].offer(choices_of(item, found), grounds_of(item, found.right))
    shown = item_page(found, item_id, request.args, str(get_locale()))
    form = next((form for form in forms.values() if form.errors), None) or PortalForm()
    return shown | blank | forms | {"form": form}


def _decided(item: RequestItem) -> dict[str, Any]:
    return {"outcome": item.outcome or item.proposed, "ground": item.ground, "until_on": item.until_on}
