"""When copies of data end, and why. The fact that a copy was made goes with the request that it answered."""

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.objects import Objects
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Fixed, OwnEnd
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.personal_data.own_file import needs_the_file

PACKAGE = "package"
"""What a line of the ledger about it says as its `what`."""


def _expire(ids: list[int]) -> None:
    """Destroy the keys; a job removes the bytes."""
    statement = select(AnswerPackage).where(AnswerPackage.id.in_(ids)).order_by(AnswerPackage.id)
    for package in db.session.execute(statement).scalars():
        package.status, package.wrapped_key = PackageStatus.EXPIRED, None
        note(EntryKind.SHREDDED, {"what": PACKAGE, "package": package.public_id})
        enqueue("exports.remove_bytes", package_id=package.id)


@replays(EntryKind.SHREDDED, PACKAGE)
def _expire_again(body: Body) -> None:
    expired = select(AnswerPackage.id).where(AnswerPackage.public_id == body["package"])
    _expire(list(db.session.execute(expired).scalars()))


def _is_named(key: str) -> bool:
    return db.session.execute(select(AnswerPackage.id).where(AnswerPackage.storage_key == key)).first() is not None


@needs_the_file
def has_copy() -> ColumnElement[bool]:
    """Return the condition that a copy of a customer's data can be downloaded, or is being made."""
    ended = (PackageStatus.EXPIRED, PackageStatus.FAILED)
    return exists().where(AnswerPackage.customer_id == Customer.id, AnswerPackage.status.not_in(ended))


PACKAGES = Ending(
    code="packages",
    label=Label(fr="Copies de données à télécharger", en="Copies of data to download"),
    source=Rows(
        AnswerPackage,
        age=AnswerPackage.expires_at,
        only=lambda over_before: (AnswerPackage.status == PackageStatus.READY,),
        remove_rows=_expire,
    ),
    term=OwnEnd(Label(fr="le jour dit à la personne", en="the day that the person was told")),
    starts=Label(fr="la copie prête", en="when the copy was ready"),
    ground=Label(fr="la sécurité d'une copie entière (article 32)", en="the security of a whole copy (art. 32)"),
    every=timedelta(hours=1),
    goes_freely=True,
)
LEFTOVERS = Ending(
    code="package_leftovers",
    label=Label(fr="Copies sans propriétaire", en="Copies that no row names"),
    source=Objects("exports", is_named=_is_named),
    term=Fixed(timedelta(hours=24), Label(fr="un jour", en="a day")),
    starts=Label(fr="l'écriture de la copie", en="when the copy was written"),
    ground=Label(
        fr="reste d'un processus interrompu, que rien ne peut ouvrir",
        en="left by a killed process; nothing can open it",
    ),
    goes_freely=True,
)

PARTS = declare(
    Part("packages", frozenset({"answer_packages"}), Reach.REQUEST, (PACKAGES, LEFTOVERS), ends_with="request_files")
)
