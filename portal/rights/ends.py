"""When drafts and the files of requests end, and why."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, insert, literal, or_, select, tuple_, update

from portal import clock
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityCheck, IdentityDocument
from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.mail.models import Mail
from portal.instructions.models import Instruction
from portal.letters.models import Dispatch
from portal.personal_data.corrections.models import Correction, ValueStatement
from portal.personal_data.erasure.becoming import deleted
from portal.personal_data.erasure.own_rows import OwnPart
from portal.personal_data.erasure.own_rows import Rows as OwnRows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, Fixed, OwnEnd
from portal.personal_data.keeping.clause import About
from portal.personal_data.mails import mail_of_file
from portal.personal_data.own_file import needs_the_file
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.stops.models import PurposeStop, Weighing
from portal.rights.filing.drafts import discard
from portal.rights.following.models import DestroyedFile
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.models import RequestDecision, RequestDraft, RequestEvent, RequestPause, RightsRequest

_WITH_THE_FILE = (
    RequestItem, AnswerPackage, IdentityCheck, RequestPause, RequestEvent, RequestDecision, Correction, Weighing,
    Instruction,
)  # fmt: skip
_REFERENCE_IN_MAIL = Mail.context["reference"].as_string()


@mail_of_file
def is_about_a_request() -> ColumnElement[bool]:
    """Return the condition that a mail is about a request whose file is still there."""
    return exists().where(RightsRequest.customer_id == Mail.customer_id, RightsRequest.reference == _REFERENCE_IN_MAIL)


@needs_the_file
def has_request() -> ColumnElement[bool]:
    """Return the condition that a customer has a request, open or not, or a draft of one."""
    return or_(*(exists().where(model.customer_id == Customer.id) for model in (RightsRequest, RequestDraft)))


def _is_closed_and_bare(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a file is closed, and that no document or copy of it is left in the store."""
    check_of_it = select(IdentityCheck.id).where(IdentityCheck.request_id == RightsRequest.id)
    has_document = exists().where(IdentityDocument.check_id.in_(check_of_it))
    has_copy = exists().where(AnswerPackage.request_id == RightsRequest.id, AnswerPackage.storage_key.is_not(None))
    return RightsRequest.is_open.is_(False), ~has_document, ~has_copy


def _remove_files(ids: list[int]) -> None:
    theirs = select(RightsRequest.customer_id, RightsRequest.reference).where(RightsRequest.id.in_(ids))
    # Locked first: requests come before what belongs to them.
    db.session.execute(theirs.order_by(RightsRequest.id).with_for_update(key_share=True)).all()
    db.session.execute(delete(Mail).where(tuple_(Mail.customer_id, _REFERENCE_IN_MAIL).in_(theirs)))
    items = select(RequestItem.id).where(RequestItem.request_id.in_(ids))
    db.session.execute(delete(ItemException).where(ItemException.item_id.in_(items)))
    about = (Dispatch.subject_kind == "request", Dispatch.subject_id.in_(ids))
    db.session.execute(delete(Dispatch).where(*about))
    for model in _WITH_THE_FILE:
        db.session.execute(delete(model).where(model.request_id.in_(ids)))
    for outliving in (ValueStatement, Restriction, PurposeStop):
        db.session.execute(update(outliving).where(outliving.request_id.in_(ids)).values(request_id=None))
    gone = theirs.add_columns(literal(clock.now(), UtcDateTime()))
    db.session.execute(insert(DestroyedFile).from_select(["customer_id", "reference", "destroyed_at"], gone))
    db.session.execute(delete(RightsRequest).where(RightsRequest.id.in_(ids)))


def _discard(ids: list[int]) -> None:
    drafts = select(RequestDraft).where(RequestDraft.id.in_(ids)).order_by(RequestDraft.id)
    for draft in db.session.execute(drafts).scalars():
        discard(draft)


FILES = Ending(
    code="request_files",
    label=Label(fr="Dossiers de demandes closes", en="Files of closed requests"),
    source=Rows(
        RightsRequest,
        age=RightsRequest.closed_at,
        only=_is_closed_and_bare,
        about=About(RightsRequest.customer_id),
        remove_rows=_remove_files,
    ),
    term=Declared("request_files"),
    starts=Label(
        fr="la clôture ; la copie et la pièce partent avant, les e-mails de la demande avec",
        en="the closing; copy and document go before, the mails of the request with it",
    ),
    ground=Label(fr="prouver la réponse (Code civil, article 2224)", en="proof of the answer (Code civil art. 2224)"),
)
DESTROYED = Ending(
    code="destroyed_files",
    label=Label(fr="Références de dossiers détruits", en="References of destroyed files"),
    source=Rows(DestroyedFile, age=DestroyedFile.destroyed_at),
    term=Fixed(timedelta(days=365), Label(fr="un an", en="a year")),
    starts=Label(fr="la destruction du dossier", en="when the file was destroyed"),
    ground=Label(
        fr="que la personne lise que son dossier est détruit (article 5, paragraphe 2)",
        en="that the person reads that the file is destroyed (art. 5(2))",
    ),
    goes_freely=True,
)
DRAFTS = Ending(
    code="drafts",
    label=Label(fr="Brouillons de demandes", en="Drafts of requests"),
    source=Rows(RequestDraft, age=RequestDraft.expires_at, remove_rows=_discard),
    term=OwnEnd(Label(fr="le jour dit à la personne", en="the day that the person was told")),
    starts=Label(fr="la dernière saisie", en="the last change"),
    ground=Label(
        fr="le temps de finir d'écrire (article 5, paragraphe 1, point e))",
        en="the time to finish writing (art. 5(1)(e))",
    ),
    goes_freely=True,
)

PARTS = declare(
    Part("drafts", frozenset({"request_drafts"}), Reach.CUSTOMER, (DRAFTS,)),
    Part("request_files", frozenset({"rights_requests"}), Reach.CUSTOMER, (FILES,)),
    Part("destroyed_files", frozenset({"destroyed_files"}), Reach.CUSTOMER, (DESTROYED,)),
    Part(
        "request_history",
        frozenset({"request_pauses", "request_events", "request_decisions", "request_items", "item_exceptions"}),
        Reach.REQUEST,
        ends_with="request_files",
    ),
)

_TRACES = OwnRows(DestroyedFile, lambda customer_id: DestroyedFile.customer_id == customer_id)
erases("destroyed_files", OwnPart("destroyed_files", ROWS, (_TRACES,)))
deleted("destroyed_files")
