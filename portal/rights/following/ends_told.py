"""Until when each thing of a case is kept, and when it was destroyed: said beside it, by its row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select

from portal import clock
from portal.bilingual import Label, long_date
from portal.exports.models import AnswerPackage, PackageStatus
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.proof.checking import DOCUMENT
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.keeping.models import Keep
from portal.personal_data.sentences import Ground, declare, row, say
from portal.rights.asked import Rows
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


def ends_told(
    request: RightsRequest, checks: Iterable[IdentityCheck], package: AnswerPackage | None, language: object
) -> Rows:
    """Return what a case is made of, each with its end: the words of both sides, the proof, the copy, the reference."""
    until = _end_of_file(request, language)
    rows = [(_WORDS.text(language), until), (_NOTES.text(language), until)]
    rows += [(_DOCUMENT.text(language), _document(check, language)) for check in checks if _has_document(check)]
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


def _has_document(check: IdentityCheck) -> bool:
    is_there = check.destroyed_at is not None or check.result is CheckResult.PENDING
    return check.method == DOCUMENT and is_there


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


_WORDS: Final = Label(fr="Vos messages, nos réponses et les e-mails", en="Your messages, our answers and the e-mails")
_NOTES: Final = Label(
    fr="Les notes de l'équipe et les preuves de la décision", en="The team's notes and the proofs of the decision"
)
_DOCUMENT: Final = Label(fr="La pièce d'identité", en="The identity document")
_COPY: Final = Label(fr="La copie de vos données", en="The copy of your data")
_REFERENCE: Final = Label(fr="La référence et les dates", en="The reference and the dates")
_AFTER: Final = Label(fr="{period} après la clôture.", en="{period} after it is closed.")
_UNTIL: Final = Label(
    fr="jusqu'au {date} inclus, puis plus rien n'en reste.", en="until {date}, and then nothing is left."
)
_AT_LEAST: Final = Label(
    fr="jusqu'au {date}, et tant qu'un motif de conservation dure.",
    en="until {date}, and as long as a reason for keeping it lasts.",
)
