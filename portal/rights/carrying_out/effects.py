"""What an answer has changed already, and what our teams still have to do: each sentence with the row behind it.

The portal switches off advertising by itself, in the transaction of the decision. It does not erase, correct or put on
hold in the company's systems: until a row confirms that, the answer says what remains and who does it.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from portal.bilingual import Label, long_date
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.agreements import Agreements
from portal.personal_data.corrections.models import Correction, CorrectionResult
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import open_restrictions
from portal.personal_data.sentences import Behind, Ground, Sentence, declare, row, say
from portal.preferences.choices.restricting import is_suppressed_by_restriction
from portal.preferences.models import PreferenceState
from portal.preferences.purposes import (
    ADVERTISING_PROFILING_FLAG_CODES,
    MARKETING_FLAG_CODES,
    PROFILING_FLAG_CODES,
    STATISTICS_FLAG_CODES,
)
from portal.records.models import Record
from portal.rights.asked import Asked, Erase, ReviewDecision, StopUse
from portal.rights.carrying_out.followed import followers
from portal.rights.chosen import Limit, Use
from portal.rights.correcting.noting import corrections_of
from portal.rights.erasing.standing import erasure_of
from portal.rights.items.making import items_of
from portal.rights.items.proposing import AS_WRITTEN
from portal.rights.lifecycle import Outcome, Right
from portal.rights.models import RightsRequest

ERASED: Final = declare(
    "erased",
    Ground.ROW,
    Label(
        fr="Ces données ont été effacées de ce portail le {date}.",
        en="These data were erased from this portal on {date}.",
    ),
    Label(
        fr="L'effacement n'est pas encore confirmé. Nos équipes doivent le faire{systems}.",
        en="The erasure is not confirmed yet. Our teams have to carry it out{systems}.",
    ),
)
CORRECTED: Final = declare(
    "corrected",
    Ground.ROW,
    Label(
        fr="La correction a été faite dans ce portail le {date}.",
        en="The correction was made in this portal on {date}.",
    ),
    Label(
        fr="La correction n'est pas encore confirmée. Nos équipes doivent la faire{systems}.",
        en="The correction is not confirmed yet. Our teams have to make it{systems}.",
    ),
)
LOCKED_HERE: Final = declare(
    "locked_here",
    Ground.ROW,
    Label(
        fr="Dans ce portail, ces données sont en pause depuis le {date}. Votre page « Vos données en pause » dit"
        " lesquelles.",
        en="In this portal these data have been on hold since {date}. Your page “Your data on hold” says which.",
    ),
    Label(
        fr="Dans ce portail, ces données ne sont pas en pause, ou ne le sont plus.",
        en="In this portal these data are not on hold, or no longer.",
    ),
)
CHOSEN_USES: Final = {
    Use.MARKETING: MARKETING_FLAG_CODES,
    Use.ADVERTISING_PROFILING: ADVERTISING_PROFILING_FLAG_CODES,
    Use.PROFILING: PROFILING_FLAG_CODES,
    Use.STATISTICS: STATISTICS_FLAG_CODES,
}
"""The uses that depend on choices of the person, each with those choices."""

USE_STOPPED: Final = declare(
    "use_stopped",
    Ground.ROW,
    Label(
        fr="Au {date}, les choix concernés sont désactivés, et nos équipes marketing le lisent ici.",
        en="On {date} the choices concerned are off, and our marketing teams read that here.",
    ),
    Label(
        fr="L'arrêt de cette utilisation n'est pas encore confirmé. Nos équipes doivent l'appliquer{systems}.",
        en="It is not confirmed yet that this use has stopped. Our teams have to see to it{systems}.",
    ),
)
ADVERTISING_STOPPED: Final = declare(
    "advertising_stopped",
    Ground.ROW,
    Label(
        fr="La publicité est arrêtée pour vous depuis le {date}, quels que soient vos choix d'avant.",
        en="Advertising to you has been stopped since {date}, whatever you chose before.",
    ),
    Label(
        fr="L'arrêt de la publicité n'est pas encore confirmé.",
        en="It is not confirmed yet that advertising has stopped.",
    ),
)
DIRECTIVES_KEPT: Final = declare(
    "directives_kept",
    Ground.ROW,
    Label(
        fr="Vos directives sont enregistrées avec cette demande depuis le {date}.",
        en="Your directives have been kept with this request since {date}.",
    ),
    Label(fr="Vos directives ne sont pas encore enregistrées.", en="Your directives are not recorded yet."),
)
FACEBOOK_UNLINKED: Final = declare(
    "facebook_unlinked",
    Ground.ROW,
    Label(
        fr="Le lien avec Facebook a été rompu et son numéro effacé le {date}, à l'arrivée de la demande.",
        en="The link with Facebook was undone and its number erased on {date}, when the request arrived.",
    ),
    Label(
        fr="La rupture du lien avec Facebook n'est pas encore confirmée.",
        en="It is not confirmed yet that the link with Facebook was undone.",
    ),
)


def effects_of(request: RightsRequest, language: object) -> list[str]:
    """Return what an answer changed and what remains to be done, and by whom; nothing before the answer.

    An answer that is a copy of the data, or a refusal, leaves nothing to say here.
    """
    if request.answered_at is None or request.outcome is Outcome.REFUSED:
        return []
    match request.right:
        case Right.ERASURE:
            return _of_erasure(request, language)
        case Right.RECTIFICATION:
            return _of_rectification(request, language)
        case Right.RESTRICTION:
            return _of_restriction(request, language)
        case Right.OBJECTION:
            return _of_objection(request, language)
        case Right.DIRECTIVES:
            kept = row(RightsRequest.__tablename__, request.id)
            return [say(DIRECTIVES_KEPT, kept, language, date=long_date(request.received_at, language))]
        case _:
            return followers(request.id, language)


def _of_restriction(request: RightsRequest, language: object) -> list[str]:
    """Return since when data are locked here, whether that stops advertising, and what the systems have to do."""
    own = next((each for each in open_restrictions(request.customer_id) if each.request_id == request.id), None)
    behind = row(Restriction.__tablename__, own.id) if own else None
    since = long_date(own.since if own else request.received_at, language)
    said = [say(LOCKED_HERE, behind, language, date=since)]
    if is_suppressed_by_restriction(request.customer_id):
        said.append(_advertising(request, language))
    return [*said, *followers(request.id, language)]


def unlinked(request: RightsRequest, language: object) -> str:
    """Return that the link with Facebook ended when this request arrived: one transaction did both."""
    arrived = row(RightsRequest.__tablename__, request.id)
    return say(FACEBOOK_UNLINKED, arrived, language, date=long_date(request.received_at, language))


def _of_erasure(request: RightsRequest, language: object) -> list[str]:
    limited_to = request.asked.limited_to if isinstance(request.asked, Erase) else None
    if limited_to is Limit.LINK:
        return [unlinked(request, language)]
    by_facebook = [unlinked(request, language)] if limited_to is Limit.ACCOUNT else []
    said = [*by_facebook, *erased(request, language)]
    return [_advertising(request, language), *said] if is_whole_erasure(request) else said


def erased(request: RightsRequest, language: object) -> list[str]:
    """Return what became of the data of an erasure, by its certificate, and which systems still have to be told."""
    erasure = erasure_of(request.id)
    certificate = certificate_of(erasure) if erasure else None
    if erasure is None or certificate is None:
        return [_unconfirmed(ERASED, request, language)]
    done = row(Erasure.__tablename__, erasure.id)
    said = say(ERASED, done, language, date=long_date(erasure.finished_at or request.received_at, language), systems="")
    return [said, *told_of(erasure, language)]


def told_of(erasure: Erasure, language: object) -> list[str]:
    """Return who was told of an erasure and where each of them stands.

    Of one that no request asked for, it is known only which systems have to follow.
    """
    if erasure.request_id is not None:
        return followers(erasure.request_id, language)
    certificate = certificate_of(erasure)
    return _to_be_told(certificate.systems, language) if certificate else []


def _to_be_told(codes: Sequence[str], language: object) -> list[str]:
    names = [system.name.text(language) for system in installed.organisation().systems if system.code in codes]
    return [_TO_BE_TOLD.filled(language, names=", ".join(names))] if names else []


_TO_BE_TOLD: Final = Label(
    fr="Notre équipe doit encore prévenir ces systèmes de l'entreprise : {names}.",
    en="Our team still has to tell these systems of the company: {names}.",
)


def _of_rectification(request: RightsRequest, language: object) -> list[str]:
    """Return when the values were corrected here, by the rows of each, and which systems still have to be told."""
    items = items_of(request.id)
    granted = [row for row in corrections_of(request.id) if row.result is CorrectionResult.CORRECTED]
    applied = [row for row in granted if row.applied_at is not None]
    if any(item.part == AS_WRITTEN and item.outcome is ItemOutcome.CORRECTED for item in items) or granted != applied:
        return [_unconfirmed(CORRECTED, request, language)]
    told = followers(request.id, language)
    if not applied:
        return told
    done = row(Correction.__tablename__, applied[-1].id)
    when = long_date(applied[-1].applied_at or request.received_at, language)
    return [say(CORRECTED, done, language, date=when, systems=""), *told]


def _of_objection(request: RightsRequest, language: object) -> list[str]:
    """Return whether the choices behind the use were off when the answer left. A review by a person is the answer."""
    if isinstance(request.asked, ReviewDecision) or request.answered_at is None:
        return []
    flags, told = flags_of(request.asked), followers(request.id, language)
    if not flags:
        return told
    standing = Agreements.of(request.customer_id, flags).standing(flags, request.answered_at).values()
    if any(answer.is_yes for answer in standing):
        return [_unconfirmed(USE_STOPPED, request, language), *told]
    newest = max(standing, key=lambda answer: answer.at, default=None)
    # Whoever never chose has no proof: the row that marketing reads has everything off from the start.
    behind = newest.behind if newest else _read_by_marketing(request.customer_id)
    when = long_date(request.answered_at, language)
    return [say(USE_STOPPED, behind, language, date=when, systems=_systems(request, language)), *told]


def flags_of(asked: Asked) -> tuple[str, ...]:
    """Return the choices behind the use that somebody objects to; in doubt, everything that is marketing.

    A use that rests on the company's interest has no choice behind it.
    """
    use = asked.use if isinstance(asked, StopUse) else None
    if isinstance(asked, StopUse) and asked.purposes and use not in CHOSEN_USES:
        return ()
    return CHOSEN_USES.get(use or Use.MARKETING, MARKETING_FLAG_CODES)


def is_whole_erasure(request: RightsRequest) -> bool:
    """Whether a decision carries an erasure of everything out; its outcome is partial where the law keeps something."""
    is_limited = isinstance(request.asked, Erase) and not request.asked.scope.is_whole
    is_granted = request.outcome in {Outcome.GRANTED, Outcome.PARTIAL}
    return request.right is Right.ERASURE and is_granted and not is_limited


def _read_by_marketing(customer_id: int) -> Behind | None:
    state = db.session.get(PreferenceState, customer_id)
    return row(PreferenceState.__tablename__, customer_id) if state else None


def _advertising(request: RightsRequest, language: object) -> str:
    """Return since when nothing may be sent to the person, by the row that marketing reads."""
    state = db.session.get(PreferenceState, request.customer_id)
    behind: Behind | None = None
    if state is not None and state.is_suppressed:
        behind = row(PreferenceState.__tablename__, state.customer_id)
    answered_at = request.answered_at or request.received_at
    return say(ADVERTISING_STOPPED, behind, language, date=long_date(answered_at, language))


def _unconfirmed(sentence: Sentence, request: RightsRequest, language: object) -> str:
    return say(sentence, None, language, systems=_systems(request, language))


_IN: Final = Label(fr=" dans : {names}", en=" in: {names}")


def _systems(request: RightsRequest, language: object) -> str:
    """Return the systems that sent records about the person, in words that follow a sentence."""
    systems = installed.organisation().systems
    held = select(Record.source).where(Record.customer_id == request.customer_id).distinct()
    sources = set(db.session.execute(held).scalars())
    names = [system.name.text(language) for system in systems if system.code in sources]
    return _IN.filled(language, names=", ".join(names)) if names else ""
