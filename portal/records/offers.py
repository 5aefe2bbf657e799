"""What a person can do about a category: the rights that the law gives under any basis of its uses, and no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from portal.personal_data.agreements import taken_back_at
from portal.personal_data.categories import Category
from portal.personal_data.uses.lawful_bases import Availability, availability, may_withdraw_consent
from portal.records.data_map.kinds import DataMap, Kind

RIGHTS: Final = ("access", "rectification", "erasure", "restriction", "portability", "objection")
PREFERENCES: Final = "customer.preferences.preferences"
ACCOUNT: Final = "customer.accounts.account"


@dataclass(frozen=True)
class Offer:
    """One thing the person can do, in words, and for which kinds: a right by its code, or a page by its endpoint."""

    text: str
    kinds: str = ""
    right: str = ""
    page: str = ""


def offers_of(category: Category, kinds: Sequence[Kind], data_map: DataMap, language: str) -> list[Offer]:
    """Return what a person can do about some kinds of a category."""
    texts = {
        "access": _("Get a copy (right of access)"),
        "rectification": _("Have it corrected (right to rectification)"),
        "erasure": _("Have it erased (right to erasure)"),
        "restriction": _("Have its use put on hold (right to restriction)"),
        "portability": _("Take it elsewhere (right to portability)"),
    }
    offers = []
    for right in RIGHTS:
        concerned = [kind for kind in kinds if right in kind.rights()]
        if concerned:
            text = texts[right] if right in texts else _objection(concerned, data_map, language)
            offers.append(Offer(text, names_of(concerned, kinds, language), right=right))
    offers += _withdrawals(kinds, data_map, language)
    if category is Category.MARKETING and not any(offer.page == PREFERENCES for offer in offers):
        # An objection to advertising is always open, whatever the basis (GDPR art. 21(2)).
        offers.append(Offer(_("Stop all advertising, in your preferences"), page=PREFERENCES))
    return offers


def names_of(group: Sequence[Kind], kinds: Sequence[Kind], language: str) -> str:
    """Return the names of some kinds; empty when they are all of them."""
    return "" if len(group) == len(kinds) else ", ".join(kind.label.text(language) for kind in group)


def _objection(kinds: Sequence[Kind], data_map: DataMap, language: str) -> str:
    """Return the offer to object. It names the uses, since other uses of the same kinds may be open to none."""
    uses = dict.fromkeys(
        purpose.label.text(language)
        for kind in kinds
        for purpose in data_map.purposes_of(kind)
        if availability(purpose.lawful_basis, "objection") is Availability.YES
    )
    return _("Object to these uses (right to object): %(uses)s", uses=", ".join(uses))


def _withdrawals(kinds: Sequence[Kind], data_map: DataMap, language: str) -> list[Offer]:
    """Return where consent is taken back: on the page of the choice, or by a request where it has no page."""
    pages: dict[str, list[Kind]] = {}
    for kind in kinds:
        uses = [purpose for purpose in data_map.purposes_of(kind) if may_withdraw_consent(purpose.lawful_basis)]
        found = (taken_back_at(code) or "" for purpose in uses for code in purpose.choices or ("",))
        for page in dict.fromkeys(found):
            pages.setdefault(page, []).append(kind)
    texts = {
        PREFERENCES: _("Withdraw a consent, in your preferences"),
        ACCOUNT: _("Withdraw a consent, in your account"),
        "": _("Withdraw a consent, by asking for a correction"),
    }
    return [
        Offer(texts[page], names_of(concerned, kinds, language), right="" if page else "rectification", page=page)
        for page, concerned in pages.items()
    ]
