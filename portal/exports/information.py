"""The information that goes with a copy of the data (GDPR art. 15(1) and (2)), in the customer's language."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.infrastructure import installed
from portal.organisation import Recipient
from portal.personal_data.agreements import Agreements, say_agreement
from portal.personal_data.categories import Category
from portal.personal_data.recipients import RecipientRegister, as_answer, say_where
from portal.personal_data.registry import holdings, uses_of
from portal.personal_data.sentences import Behind, say_automated
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.records.data_map.kinds import DataMap, Kind, installed_data_map


def article_15_information(
    customer_id: int, counts: dict[str, int], language: str, promise: tuple[date, Behind] | None = None
) -> dict[str, Any]:
    """Return what must go with the data by art. 15(1) and (2), for the categories handed over.

    Args:
        customer_id: whose choices are told beside the uses that depend on them.
        counts: number of items handed over, by category code.
        language: `fr` or `en`.
        promise: until when the names of recipients that the company cannot give yet are promised, and the row of the
            promise.
    """
    data_map: DataMap = installed_data_map()
    organisation = installed.organisation()
    kinds = [kind for category in counts for kind in data_map.of_category(category)]
    recipients = recipients_of(counts)
    with force_locale(language):
        return {
            "confirmation": _confirmation(counts),
            "categories": [Category(code).label(language) for code in counts],
            "data": [f"{code}.json" for code in counts],
            "purposes": _purposes(customer_id, data_map, counts, kinds, language),
            "recipients": [as_answer(recipient, language, promise) for recipient in recipients],
            "retention": [
                {"what": kind.label.text(language), "duration": kind.retention_text(language)} for kind in kinds
            ]
            + [{"what": _("Kept by this portal"), "duration": holding.retention(language)} for holding in holdings()],
            "rights": _rights(),
            "complaint": _(
                "You can complain to %(name)s: %(address)s, %(url)s.",
                name=organisation.authority.name, address=organisation.authority.postal_address,
                url=organisation.authority.complaint_url,
            ),
            "source": _unique(kind.origin.label(language) for kind in kinds),
            "automated_decisions": " ".join(
                [say_automated(organisation.takes_automated_decisions, language), *_logics(kinds, language)]
            ),
            "transfers": " ".join(say_where(recipients, language)),
        }  # fmt: skip


def recipients_of(categories: Iterable[str]) -> tuple[Recipient, ...]:
    """Return the recipients of what is held in some categories, in the order of the register."""
    data_map = installed_data_map()
    codes = (code for category in categories for kind in data_map.of_category(category) for code in kind.recipients)
    return RecipientRegister.of(installed.organisation()).of_codes(codes)


def _confirmation(counts: dict[str, int]) -> str:
    if any(counts.values()):
        return _("Yes, we process personal data about you. Here they are.")
    return _("We hold no data about you in these categories.")


def _purposes(
    customer_id: int, data_map: DataMap, categories: Iterable[str], kinds: Iterable[Kind], language: str
) -> list[dict[str, str]]:
    """Return the uses of what is handed over: those of the kinds, then those of this portal's own holdings."""
    declared = data_map.purposes.values()
    purposes = {purpose.code: purpose for kind in kinds for purpose in data_map.purposes_of(kind)}
    purposes |= {use.code: use for category in categories for use in uses_of(holdings(), category, declared)}
    agreements = Agreements.of(customer_id, [code for purpose in purposes.values() for code in purpose.choices])
    return [
        {
            "code": purpose.code,
            "label": purpose.label.text(language),
            "lawful_basis": purpose.lawful_basis.label(language),
            "interest": purpose.interest.text(language) if purpose.interest else "",
            "your_choice": say_agreement(agreements, purpose.choices, language)
            if purpose.lawful_basis is LawfulBasis.CONSENT
            else "",
        }
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


def _logics(kinds: Iterable[Kind], language: str) -> list[str]:
    return _unique(kind.logic.text(language) for kind in kinds if kind.logic)


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
