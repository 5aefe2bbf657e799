"""The file of a request whose time was over: who asks for it reads when it was destroyed, and nothing else."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label, long_date
from portal.infrastructure.database import db
from portal.infrastructure.references import read_reference
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem
from portal.personal_data.sentences import Ground, declare, row, say
from portal.personal_data.uses.purposes import REQUESTS
from portal.rights.following.models import DestroyedFile

FILE_DESTROYED: Final = declare(
    "case_file_destroyed",
    Ground.ROW,
    Label(
        fr="Le dossier de cette demande a été détruit le {date} : messages, réponses, e-mails, notes, preuves et"
        " pièces. Nous n'en gardons que la référence et ce jour, pendant un an.",
        en="The file of this request was destroyed on {date}: messages, answers, e-mails, notes, proofs and documents."
        " We keep its reference and this day alone, for a year.",
    ),
    Label(fr="Nous n'avons aucune trace d'un dossier sous cette référence.", en="We have no record of such a file."),
)
_LABEL: Final = Label(fr="Dossier de demande détruit", en="File of a request, destroyed")
_REFERENCE: Final = Label(fr="Référence", en="Reference")
_DESTROYED: Final = Label(fr="Détruit le", en="Destroyed on")


def destroyed_file(reference: str, customer_id: int | None = None) -> DestroyedFile | None:
    """Return the destroyed file of a reference, however it is typed; None where there is none.

    Args:
        customer_id: whose it must have been; None for staff.
    """
    statement = select(DestroyedFile).where(DestroyedFile.reference == read_reference(reference))
    if customer_id is not None:
        statement = statement.where(DestroyedFile.customer_id == customer_id)
    return db.session.execute(statement).scalar_one_or_none()


def say_destroyed(file: DestroyedFile, language: object) -> str:
    """Return when a file was destroyed, and what is left of it."""
    behind = row(DestroyedFile.__tablename__, file.id)
    return say(FILE_DESTROYED, behind, language, date=long_date(file.destroyed_at, language, weekday=False))


def destroyed_held(customer_id: int, language: str) -> Iterator[HeldItem]:
    """Yield the destroyed files of a customer, newest first."""
    theirs = select(DestroyedFile).where(DestroyedFile.customer_id == customer_id)
    for file in db.session.execute(theirs.order_by(DestroyedFile.id.desc())).scalars():
        yield HeldItem(
            category=Category.PROFILE,
            kind="destroyed_file",
            label=_LABEL.text(language),
            at=file.destroyed_at,
            values={"reference": file.reference, "destroyed_at": clock.written(file.destroyed_at)},
            facts=[
                (_REFERENCE.text(language), file.reference),
                (_DESTROYED.text(language), long_date(file.destroyed_at, language, weekday=False)),
            ],
            lawful_basis=REQUESTS.lawful_basis,
        )
