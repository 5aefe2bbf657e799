"""What somebody without an e-mail address is told about their data on hold, on paper: staff print it and post it.

The day of the notice is the day of the posting, which an officer notes: the seven days count from there (art. 18(3)).
"""

import hashlib
from typing import Final

from portal import clock
from portal.bilingual import Label, long_date
from portal.customers.models import Customer
from portal.identity_checks.proof.places import Place, addresses_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.letters.models import Dispatch, DispatchChannel, DispatchState
from portal.personal_data.restrictions.lifting import NOTICE
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.wording import ground_label, scope_label
from portal.staff.models import StaffMember

IMPOSED: Final = "restriction_imposed"
LIFTING: Final = "restriction_lifting"
VERSION: Final = "1"

_TEXTS: Final = {
    IMPOSED: (
        Label(
            fr="Depuis le {since}, nous conservons les données suivantes sans les utiliser : {what}. Motif : {why}.",
            en="Since {since} we have stored the following data and left them alone: {what}. Why: {why}.",
        ),
        Label(
            fr="Nous vous écrirons au moins sept jours avant la fin de cette mise en pause.",
            en="We will write to you at least seven days before that ends.",
        ),
    ),
    LIFTING: (
        Label(
            fr="À partir du {lifts_on}, les données suivantes, en pause depuis le {since}, pourront de nouveau servir :"
            " {what}.",
            en="From {lifts_on} the following data, on hold since {since}, may be used again: {what}.",
        ),
        Label(
            fr="Si vous n'êtes pas d'accord, répondez-nous avant ce jour, par courrier à l'adresse ci-dessus ou par"
            " e-mail à {email} : rien ne changera tant que notre équipe n'aura pas lu votre réponse.",
            en="If you object, reply before that day, by post to the address above or by e-mail to {email}: nothing"
            " changes until our team has read it.",
        ),
    ),
}


def letter_due(restriction: Restriction) -> str:
    """Return which letter comes next: that the data are on hold, or that they will not be."""
    return IMPOSED if restriction.told_at is None else LIFTING


def paragraphs(restriction: Restriction, language: str) -> list[str]:
    """Return the paragraphs of the letter that comes next, if it is posted today."""
    lifts_on = clock.start_of(clock.today() + NOTICE)
    facts = {
        "since": long_date(restriction.since, language, weekday=False),
        "lifts_on": long_date(lifts_on, language, weekday=False),
        "what": scope_label(restriction.categories, language),
        "why": ground_label(restriction.ground_18, language),
        "email": installed.organisation().officer_email,
    }
    return [text.filled(language, **facts) for text in _TEXTS[letter_due(restriction)]]


def place_of(customer: Customer) -> Place | None:
    """Return the newest postal address of record, or None."""
    return next(iter(addresses_of(customer, clock.now())), None)


def note_posted(restriction: Restriction, customer: Customer, member: StaffMember) -> None:
    """Note in the current transaction that the letter that comes next was posted today.

    Of a restriction that no request asked for, the audit trail alone says it.
    """
    if restriction.request_id is None:
        return
    text = "\n\n".join(paragraphs(restriction, customer.language))
    place = place_of(customer)
    db.session.add(
        Dispatch(
            letter_code=letter_due(restriction), template_version=VERSION, customer_id=customer.id,
            subject_kind="request", subject_id=restriction.request_id, channel=DispatchChannel.PAPER,
            state=DispatchState.POSTED, language=customer.language, sha256=hashlib.sha256(text.encode()).hexdigest(),
            by=member.id, proof=place.masked if place else "",
        )
    )  # fmt: skip
