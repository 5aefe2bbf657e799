"""Where an erasure asked for through Facebook stands. Whoever holds its code may read it: it tells nothing personal."""

from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy import select

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.rights.carrying_out.effects import effects_of, unlinked
from portal.rights.clock.told import clock_row
from portal.rights.deciding.decisions import latest_decision
from portal.rights.deciding.refusals import authority_complaint, court_remedy
from portal.rights.erasing.certificates import Shown, shown_certificate
from portal.rights.erasing.names import category_name, name_of
from portal.rights.erasing.preview import Line, preview
from portal.rights.erasing.standing import erasure_of
from portal.rights.erasing.stops import scope_of
from portal.rights.following.standing import state_of
from portal.rights.items.models import RequestItem
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest
from portal.web.filters import long_date


@dataclass(frozen=True)
class ErasureStatus:
    """What the page says.

    Attributes:
        title: the status in a few words; `sentence` says what it means, `state` is its colour in a hero.
        effects: what is done and what remains, and by whom.
        facts: (label, value) pairs.
        reasons: why it was refused, in part or whole, and what can be done about it.
        certificate: what was erased, item by item; None before.
        items: what is to be erased, while it is not.
    """

    title: str
    sentence: str
    state: str
    effects: list[str]
    facts: list[tuple[str, str]]
    reasons: list[str]
    certificate: Shown | None
    items: list[Line]


def status_of(request: RightsRequest, language: str) -> ErasureStatus:
    """Return where a request stands, in a language."""
    facts = [(_("Received on"), long_date(request.received_at))]
    facts.append(clock_row(request))
    if request.outcome and not request.is_open:
        facts.append((_("Outcome"), request.outcome.customer_label(language)))
    erasure = erasure_of(request.id)
    certificate = shown_certificate(erasure, language) if erasure else None
    return ErasureStatus(
        request.status.customer_label(language),
        request.status.sentence(language),
        state_of(request),
        effects_of(request, language) or [unlinked(request, language)],
        facts,
        _reasons(request, language),
        # The page is known by its code alone: the reference would open a case to whoever asks staff for it.
        replace(certificate, reference=request.confirmation_code or "") if certificate else None,
        _items(request, language),
    )


def _items(request: RightsRequest, language: str) -> list[Line]:
    """Return what the erasure would do or did; of one that the portal answered by itself, the item that it noted."""
    if request.is_open:
        return list(preview(request.customer_id, scope_of(request.customer_id, request.asked), language).lines)
    noted = db.session.execute(select(RequestItem).where(RequestItem.request_id == request.id)).scalars()
    return [
        Line(category_name(item.category, language), name_of(item.part, item.kind, language), item.done, item.outcome)
        for item in noted
        if item.done_at and item.outcome
    ]


def _reasons(request: RightsRequest, language: str) -> list[str]:
    """Return the legal ground of a refusal and the remedies. Not what staff wrote: that may name the person."""
    if request.is_open or request.outcome not in {Outcome.PARTIAL, Outcome.REFUSED}:
        return []
    decision = latest_decision(request.id)
    if decision is None or decision.ground is None:
        return []
    ground, authority = decision.ground, installed.organisation().authority
    return [
        ground.with_law(language),
        authority_complaint(authority.name, authority.postal_address, authority.complaint_url, language),
        court_remedy(language),
    ]
