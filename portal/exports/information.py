"""The information that goes with a copy of the data (GDPR art. 15(1) and (2)), in the customer's language."""

from collections.abc import Iterable
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.infrastructure import installed
from portal.personal_data.categories import Category
from portal.personal_data.recipients import RecipientRegister
from portal.personal_data.registry import holdings
from portal.records.data_map.kinds import DataMap, Kind, installed_data_map


def article_15_information(counts: dict[str, int], language: str) -> dict[str, Any]:
    """Return what must go with the data by art. 15(1) and (2), for the categories handed over.

    Args:
        counts: number of items handed over, by category code.
        language: `fr` or `en`.
    """
    data_map: DataMap = installed_data_map()
    organisation = installed.organisation()
    kinds = [kind for category in counts for kind in data_map.of_category(category)]
    recipients = RecipientRegister.of(organisation).of_codes(code for kind in kinds for code in kind.recipients)
    with force_locale(language):
        return {
            "confirmation": _confirmation(counts),
            "categories": [Category(code).label(language) for code in counts],
            "data": [f"{code}.json" for code in counts],
            "purposes": _purposes(data_map, kinds, language),
            "recipients": [recipient.as_answer(language) for recipient in recipients],
            "retention": [
                {"what": kind.label.text(language), "duration": kind.retention.text(language)} for kind in kinds
            ]
            + [{"what": _("Kept by this portal"), "duration": holding.retention(language)} for holding in holdings()],
            "rights": _rights(),
            "complaint": _(
                "You can complain to %(name)s: %(address)s, %(url)s.",
                name=organisation.authority.name, address=organisation.authority.postal_address,
                url=organisation.authority.complaint_url,
            ),
            "source": _unique(kind.origin.label(language) for kind in kinds),
            "automated_decisions": _automated(kinds, language),
            "transfers": _transfers(recipients, language),
        }  # fmt: skip


def _confirmation(counts: dict[str, int]) -> str:
    if any(counts.values()):
        return _("Yes, we process personal data about you. Here they are.")
    return _("We hold no data about you in these categories.")


def _purposes(data_map: DataMap, kinds: Iterable[Kind], language: str) -> list[dict[str, str]]:
    purposes = {purpose.code: purpose for kind in kinds for purpose in data_map.purposes_of(kind)}
    return [
        {"label": purpose.label.text(language), "lawful_basis": purpose.lawful_basis.label(language)}
        for purpose in purposes.values()
    ]


def _rights() -> list[str]:
    return [
        _("Have wrong data corrected."),
        _("Have data erased when the law allows it."),
        _("Have the use of your data put on hold."),
        _("Object to a use, and to advertising at any time without giving a reason."),
        _("Take what you gave us to another company."),
        _("Take back a consent at any time."),
        _("Say what becomes of your data after your death."),
    ]


def _automated(kinds: Iterable[Kind], language: str) -> str:
    logics = _unique(kind.logic.text(language) for kind in kinds if kind.logic)
    nothing = _("No decision with a legal or similar effect on you is taken by a machine alone.")
    return " ".join([nothing, *logics])


def _transfers(recipients: Iterable[Any], language: str) -> str:
    safeguards = [
        f"{recipient.shown_name(language)} ({recipient.transfer_safeguard.text(language)})"
        for recipient in recipients
        if recipient.transfer_safeguard
    ]
    if not safeguards:
        return _("Your data stay in the European Union.")
    return _("These recipients are outside the European Union: %(list)s.", list=", ".join(safeguards))


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
