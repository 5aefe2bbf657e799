"""What every template can use: the organisation, the language, the audience, and the links of the navigation."""

from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.infrastructure import installed
from portal.web.audiences import Audience, current_audience


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    label: str
    url: str
    is_current: bool


def register(app: Flask) -> None:
    """Give templates what every page needs."""

    @app.context_processor
    def page_context() -> dict[str, object]:
        return {
            "organisation": installed.organisation(),
            "is_demo": installed.settings().is_demo,
            "language": str(get_locale() or "fr"),
            "audience": str(current_audience()) if request else "public",
            "navigation": _links() if request else [],
            "known_endpoints": app.view_functions,
        }


def _links() -> list[Link]:
    if not current_user.is_authenticated:
        return []
    audience = current_audience()
    entries = _staff_entries() if audience is Audience.STAFF else _customer_entries()
    return [
        Link(label, url, request.path == url or request.path.startswith(url + "/"))
        for label, endpoint in entries
        if endpoint in current_app.view_functions and (url := url_for(endpoint))
    ]


def _customer_entries() -> list[tuple[str, str]]:
    return [
        (_("Your data"), "customer.records.dashboard"),
        (_("Preferences"), "customer.preferences.preferences"),
        (_("Your requests"), "customer.rights.index"),
        (_("Who looked at your data"), "customer.lookups.access_log"),
        (_("Account"), "customer.accounts.account"),
    ]


def _staff_entries() -> list[tuple[str, str]]:
    entries = [
        ("see_desk", _("Desk"), "staff.staff.desk"),
        ("see_queue", _("Queue"), "staff.rights.queue"),
        ("see_queue", _("My cases"), "staff.rights.my_cases"),
        ("work_instructions", _("Systems"), "staff.working.instructions"),
        ("look_up_customer", _("Customers"), "staff.lookups.customers"),
        ("see_marketing", _("Marketing"), "staff.preferences.marketing"),
        ("watch_document_store", _("Stored documents"), "staff.identity_checks.store"),
        ("manage_staff", _("Staff members"), "staff.staff.members"),
        ("manage_tokens", _("Tokens"), "staff.staff.tokens"),
    ]
    return [(label, endpoint) for permission, label, endpoint in entries if current_user.may(permission)]
