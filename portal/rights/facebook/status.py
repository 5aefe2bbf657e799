"""Where an erasure asked for through Facebook stands. Whoever holds its code may read it: it tells nothing personal."""

from dataclasses import dataclass

from flask_babel import gettext as _

from portal.infrastructure import installed
from portal.rights.carrying_out.effects import effects_of, unlinked
from portal.rights.clock.told import clock_row
from portal.rights.deciding.decisions import latest_decision
from portal.rights.deciding.refusals import authority_complaint, court_remedy
from portal.rights.following.standing import state_of
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
    """

    title: str
    sentence: str
    state: str
    effects: list[str]
    facts: list[tuple[str, str]]
    reasons: list[str]


def status_of(request: RightsRequest, language: str) -> ErasureStatus:
    """Return where a request stands, in a language."""
    facts = [(_("Received on"), long_date(request.received_at))]
    facts.append(clock_row(request))
    if request.outcome and not request.is_open:
        facts.append((_("Outcome"), request.outcome.customer_label(language)))
    return ErasureStatus(
        request.status.customer_label(language),
        request.status.sentence(language),
        state_of(request),
        effects_of(request, language) or [unlinked(request, language)],
        facts,
        _reasons(request, language),
    )


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
