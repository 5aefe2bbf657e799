"""Until when each thing of a case is kept, and when it was destroyed: said beside it, by its row."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlalchemy import exists, select

from portal import clock
from portal.bilingual import Label, long_date
from portal.customers.models import Customer
from portal.exports.delivery import package_of_request
from portal.exports.models import AnswerPackage, PackageStatus
from portal.identity_checks.models import VALUE_PROOF, CheckResult, IdentityCheck
from portal.identity_checks.proof.checking import DOCUMENT
from portal.identity_checks.queries import checks_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.keeping.models import Keep
from portal.personal_data.sentences import Ground, declare, row, say
from portal.rights.asked import Rows
from portal.rights.erasing.standing import erasure_of
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest

DOCUMENT_DESTROYED: Final = declare(
    "case_document_destroyed",
    Ground.ROW,
    Label(fr="détruite le {date}.", en="destroyed on {date}."),
    Label(
        fr="elle n'est pas encore détruite : elle l'est dès la vérification, {period} après son arrivée au plus tard.",
        en="not destroyed yet: that happens as soon as it is checked, {period} after it came at the latest.",
    ),
)
COPY_DESTROYED: Final = declare(
    "case_copy_destroyed",
    Ground.ROW,
    Label(fr="détruite : elle était gardée jusqu'au {date}.", en="destroyed: it was kept until {date}."),
    Label(
        fr="elle n'est pas encore détruite : elle est gardée jusqu'au {date}.",
        en="not destroyed yet: it is kept until {date}.",
    ),
)
SEALED: Final = declare(
    "case_sealed",
    Ground.ROW,
    Label(
        fr="scellés jusqu'au {date}, pour une seconde lecture, puis détruits.",
        en="sealed until {date}, for a second look, then destroyed.",
    ),
    Label(fr="la fin n'est pas connue.", en="the end is not known."),
)
EMPTIED: Final = declare(
    "case_emptied",
    Ground.ROW,
    Label(
        fr="détruits : la fiche de la personne a été effacée le {date}.",
        en="destroyed: the person's file was erased on {date}.",
    ),
    SEALED.unknown,
)


def ends_of(request: RightsRequest, language: object) -> Rows:
    """Return what a case is made of, each with its end, for whoever has only the request at hand."""
    return ends_told(request, checks_of(request.id), package_of_request(request.id), language)


def ends_told(
    request: RightsRequest, checks: Iterable[IdentityCheck], package: AnswerPackage | None, language: object
) -> Rows:
    """Return what a case is made of, each with its end: the words of both sides, the proof, the copy, the reference."""
    until = _end_of_file(request, language)
    erased_at = request.customer.erased_at
    words, proofs = (until, until) if erased_at is None else _after_erasure(request, erased_at, language)
    rows = [(_WORDS.text(language), words), (_NOTES.text(language), proofs)]
    if request.right is Right.RECTIFICATION:
        rows.append((_VALUES.text(language), proofs))
    rows += [(_name_of(check).text(language), _document(check, language)) for check in checks if _has_document(check)]
    if package is not None and package.expires_at is not None:
        rows.append((_COPY.text(language), _copy(package, package.expires_at, language)))
    return [*rows, (_REFERENCE.text(language), until)]


def _end_of_file(request: RightsRequest, language: object) -> str:
    """Return the last day of the file of a request; a hold or an open case may keep it longer, so it says so."""
    period = installed.organisation().retention.request_files
    if request.closed_at is None:
        return _AFTER.filled(language, period=period.text(language))
    last = period.after(clock.local_date(request.closed_at))
    is_kept = exists().where(Keep.customer_id == request.customer_id, Keep.ended_at.is_(None))
    until = _AT_LEAST if db.session.execute(select(is_kept)).scalar() else _UNTIL
    return until.filled(language, date=long_date(last, language, weekday=False))


def _after_erasure(request: RightsRequest, erased_at: datetime, language: object) -> tuple[str, str]:
    """Return the ends of the words and of the proofs of somebody erased: sealed while a second look is owed."""
    erasure = erasure_of(request.id)
    if erasure is not None and erasure.finished_at is None:
        return _WITH_THE_ANSWER.text(language), _WITH_THE_ANSWER.text(language)
    gone = row(Customer.__tablename__, request.customer_id)
    emptied = say(EMPTIED, gone, language, date=long_date(erased_at, language, weekday=False))
    words = proofs = emptied
    if erasure is not None and erasure.sealed_words is not None and erasure.words_until is not None:
        words = _sealed(erasure, clock.local_date(erasure.words_until), language)
    if erasure is not None and erasure.sealed_proof is not None and erasure.finished_at is not None:
        period = installed.organisation().retention.request_files
        proofs = _sealed(erasure, period.after(clock.local_date(erasure.finished_at)), language)
    return words, proofs


def _sealed(erasure: Erasure, until: date, language: object) -> str:
    behind = row(Erasure.__tablename__, erasure.id)
    return say(SEALED, behind, language, date=long_date(until, language, weekday=False))


def _has_document(check: IdentityCheck) -> bool:
    is_there = check.destroyed_at is not None or check.result is CheckResult.PENDING
    return check.method in {DOCUMENT, VALUE_PROOF} and is_there


def _name_of(check: IdentityCheck) -> Label:
    return _PROOF if check.is_of_value else _DOCUMENT


def _document(check: IdentityCheck, language: object) -> str:
    limit = installed.organisation().retention.identity_document_limit.text(language)
    if check.destroyed_at is None:
        return say(DOCUMENT_DESTROYED, None, language, period=limit)
    behind = row(IdentityCheck.__tablename__, check.id)
    return say(DOCUMENT_DESTROYED, behind, language, date=long_date(check.destroyed_at, language, weekday=False))


def _copy(package: AnswerPackage, until: datetime, language: object) -> str:
    is_gone = package.status is PackageStatus.EXPIRED
    behind = row(AnswerPackage.__tablename__, package.public_id) if is_gone else None
    return say(COPY_DESTROYED, behind, language, date=long_date(until, language, weekday=False))


_WORDS: Final = Label(fr="Les messages, les réponses et les e-mails", en="Messages, answers and e-mails")
_NOTES: Final = Label(
    fr="Les notes de l'équipe et les preuves de la décision", en="The team's notes and the proofs of the decision"
)
_VALUES: Final = Label(fr="Les valeurs d'avant et celles demandées", en="The values before and those asked for")
_DOCUMENT: Final = Label(fr="La pièce d'identité", en="The identity document")
_PROOF: Final = Label(fr="La pièce qui justifie la valeur", en="The document that proves the value")
_COPY: Final = Label(fr="La copie des données", en="The copy of the data")
_REFERENCE: Final = Label(
    fr="La référence, les dates et qui a été prévenu", en="The reference, the dates and who was told"
)
_WITH_THE_ANSWER: Final = Label(fr="avec l'envoi de la réponse.", en="when the answer has been sent.")
_AFTER: Final = Label(fr="{period} après la clôture.", en="{period} after it is closed.")
_UNTIL: Final = Label(
    fr="jusqu'au {date} inclus, puis plus rien n'en reste.", en="until {date}, and then nothing is left."
)
_AT_LEAST: Final = Label(
    fr="jusqu'au {date}, et tant qu'un motif de conservation dure.",
    en="until {date}, and as long as a reason for keeping it lasts.",
)
