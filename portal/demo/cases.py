"""Requests in every state, made through the portal's own steps at instants of the past."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.accounts.sessions.devices import forget_devices
from portal.customers.models import Customer
from portal.demo.consents import OBJECTED_DAYS_AGO, OBJECTOR
from portal.demo.erasures import ERASED, carry_erasure_out
from portal.demo.specimens import Holder, card_back, card_front, passport_page
from portal.identity_checks.documents import intake
from portal.identity_checks.proof.errands import errands
from portal.identity_checks.proof.papers import Paper, Side
from portal.identity_checks.proof.places import numbers_of
from portal.infrastructure.database import db, transaction
from portal.infrastructure.identifiers import new_token
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.worker import run_job
from portal.lookups.access_log import log_access
from portal.personal_data.categories import Category
from portal.personal_data.restrictions.models import Restriction
from portal.records.models import Record
from portal.rights.channels import Channel
from portal.rights.deciding.correspondence import ask_clarification, extend
from portal.rights.deciding.decisions import Draft, decide, second
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.filing.drafts import save_answers
from portal.rights.filing.objecting import object_to_marketing
from portal.rights.filing.other_ways import take_in
from portal.rights.filing.receiving import file_request
from portal.rights.filing.withdrawal import withdraw
from portal.rights.identity.lifting import CallResult, call_back
from portal.rights.identity.review import ask_for_document
from portal.rights.intents import Intent
from portal.rights.items.deciding import Way
from portal.rights.lifecycle import ExtensionReason, Right, SecondOpinion
from portal.rights.models import RightsRequest
from portal.rights.queue.claims import claim
from portal.rights.restricting.lifting import announce
from portal.staff.models import StaffMember
from portal.web.sessions import hash_token


def make_cases() -> None:
    """Make a request in each state, and a few looks of staff at customers' data."""
    with days_ago(OBJECTED_DAYS_AGO):
        object_to_all_marketing(OBJECTOR)
    with days_ago(70):
        _file("C-1001", Intent.COPY, {"scope": "everything"})
    with days_ago(36):
        _take_in("C-1002", Right.RECTIFICATION, Channel.PHONE, "Mon adresse de facturation est fausse : je suis au 4, pas au 14.")
    with days_ago(28):
        extended = _take_in("C-1004", Right.ACCESS, Channel.EMAIL, "Envoyez-moi tout ce que vous avez sur moi depuis 2016.")
        _extend(extended)
    with days_ago(27):
        _take_in("C-1006", Right.OBJECTION, Channel.EMAIL, "Please stop profiling my purchases.")
    with days_ago(20):
        asked = _take_in("C-1007", Right.RESTRICTION, Channel.SOCIAL_NETWORK, "Mettez mes données en pause.")
        _ask(asked)
    with days_ago(12):
        second_wanted = _take_in_and_call("C-1003", Right.ERASURE, Channel.EMAIL, "Effacez mon profil et mes visites.",
            [Category.PROFILE, Category.USAGE, Category.TRACKING])  # fmt: skip
        _decide_erasure(second_wanted)
    with days_ago(11):
        reviewed = _take_in_and_call("C-1012", Right.PORTABILITY, Channel.PHONE, "Je veux emporter mes données chez un concurrent.")
        _disagree(reviewed)
    with days_ago(10):
        refused = _take_in_and_call("C-1010", Right.ERASURE, Channel.POST, "Je demande l’effacement de mon profil, de mes visites et de mes factures.",
            [Category.PROFILE, Category.USAGE, Category.TRANSACTION])  # fmt: skip
    with days_ago(9):
        _file("C-1009", Intent.COPY, {"scope": "everything"}, usual_name="Vidal", documents="card")
    with days_ago(6):
        _file("C-1005", Intent.COPY, {"scope": "everything"}, usual_name="Hughes", documents="passport")
    with days_ago(5):
        doubted = _take_in("C-1007", Right.ACCESS, Channel.EMAIL, "Envoyez ma copie à cette nouvelle adresse.")
        _doubt(doubted)
    with days_ago(4):
        withdrawn = _take_in("C-1005", Right.PORTABILITY, Channel.EMAIL, "I want to move my shop elsewhere.")
        with transaction():
            request = request_of(withdrawn)
            withdraw(request.customer_id, request.reference)
        granted = _file(ERASED.number, Intent.ERASE, {"scope": "all"})
        _grant(granted, "Nous effaçons ce que vous demandez. La loi nous fait garder vos factures, comme le dit chaque point.")
    with days_ago(3):
        granted = _correct("C-1008", "postal_address", Category.CONTACT, changes={"line1": "91 rue de Metz"})
        _grant_alone(granted, "Nous corrigeons votre adresse ici, et demandons à chaque système qui l’a reçue d’en faire autant.")
        _correct("C-1001", "fraud_score", Category.PROFILE, statement="Le paiement refusé en mai était bien le mien : ma banque l’a confirmé.")
        _correct("C-1010", "postal_address", Category.CONTACT, changes={"line1": "35 rue Paradis"},
            statement="Le livreur se trompe de porte depuis un an.")  # fmt: skip
    with days_ago(2):
        _look("C-1001", "support@example.org", Category.CONTACT, "Appel du client : vérification de l’adresse de livraison")

    with days_ago(1):
        # It cools off now, and can still be cancelled.
        _grant(refused, "Nous acceptons d’effacer votre profil et vos visites. La loi nous fait garder vos factures, comme le dit chaque point.")
    carry_erasure_out(1, days_ago)
    _put_on_hold()


def _put_on_hold() -> None:
    """Restrict the data of two people: of one it stands, of the other the lift is announced."""
    with days_ago(15):
        standing = _take_in("C-1012", Right.RESTRICTION, Channel.EMAIL, "Gardez mes factures, je conteste un paiement, mais ne vous en servez plus.")
        _agree(standing, "Vos données sont en pause.")
    with days_ago(14):
        over = _take_in("C-1011", Right.RESTRICTION, Channel.PHONE, "Ne touchez plus à mes données avant la fin de mon litige.")
        _agree(over, "Vos données sont en pause jusqu’à la fin de votre litige.")
    with days_ago(3), transaction():
        restriction = db.session.execute(select(Restriction).where(Restriction.request_id == over)).scalar_one()
        announce(restriction, member_of("officer@example.org"))


def _agree(request_id: int, message: str) -> None:
    """Grant each item as the portal proposes it, where no second person is needed."""
    with transaction():
        request = request_of(request_id)
        decide(request, member_of("reviewer@example.org"), Draft(Way.PROPOSED, message), request.version)


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    with clock.stopped_at(clock.now() - timedelta(days=days)):
        yield
        _run_waiting_jobs()


def _run_waiting_jobs() -> None:
    """Run the jobs that were asked for, and no periodic ones: those would take the jumps of the clock for a fault."""
    waiting = select(Job.id).where(Job.status == JobStatus.WAITING, Job.run_at <= clock.now()).order_by(Job.id)
    while ids := list(db.session.execute(waiting).scalars()):
        db.session.rollback()
        for job_id in ids:
            run_job(job_id)


def object_to_all_marketing(number: str) -> None:
    """Have a customer object to all marketing, as the button of the portal does."""
    with transaction():
        object_to_marketing(_account(number))


def _file(
    number: str, intent: Intent, answers: dict[str, Any], *, usual_name: str = "", documents: str = ""
) -> int:
    """File a request, and give documents where the account bears another family name than the company's records."""
    session_id = _session(number)
    with transaction():
        if usual_name:
            _account(number).family_name = usual_name
        customer = customer_of(number)
        draft_id = save_answers(customer, intent, answers, is_complete=True).public_id
    if documents:
        _give_documents(number, session_id, draft_id, documents)
    with transaction() as session:
        request_id = file_request(_account(number), session.get_one(AccountSession, session_id), draft_id).id
    # Whoever signs in to look at the demonstration brings a browser of their own: it is new, and asked for a code.
    with transaction():
        forget_devices(_account(number).id)
    return request_id


def _correct(number: str, kind: str, category: Category, **asked: Any) -> int:
    """File what a customer asks about values of their newest record of a kind."""
    theirs = select(Record.external_id).where(Record.customer_id == customer_of(number).id, Record.kind == kind)
    external_id = db.session.execute(theirs.order_by(Record.recorded_at.desc(), Record.id).limit(1)).scalar_one()
    return _file(number, Intent.CORRECT, {"record": [kind, external_id], "category": str(category)} | asked)


def _session(number: str) -> int:
    instant = clock.now()
    with transaction() as session:
        account = _account(number)
        device = AccountDevice(
            account_id=account.id, token_hash=hash_token(new_token()), label="Firefox, Windows", last_seen_at=instant,
            first_seen_at=account.created_at, is_first=True,
        )  # fmt: skip
        session.add(device)
        account.last_sign_in_at = instant
        session.flush()
        row = AccountSession(
            account_id=account.id, device_id=device.id, token_hash=hash_token(new_token()), method="password",
            device=device.label, created_at=instant, last_used_at=instant, reauthenticated_at=instant,
            ended_at=instant + timedelta(minutes=20),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def _give_documents(number: str, session_id: int, code: str, kind: str) -> None:
    customer = customer_of(number)
    assert customer.birth_date
    holder = Holder(customer.family_name, customer.given_name, customer.birth_date)
    issued, expires = date(clock.today().year - 5, 9, 18), date(clock.today().year + 5, 9, 17)
    if kind == "card":
        paper, sides = Paper.IDENTITY_CARD, {Side.FRONT: card_front(holder, expires), Side.BACK: card_back(holder, issued, expires)}
    else:
        paper, sides = Paper.PASSPORT, {Side.PAGE: passport_page(holder, issued, expires)}
    for side, picture in sides.items():
        with current_app.test_request_context():
            session = db.session.get_one(AccountSession, session_id)
            errand = errands().find(_account(number), session, code)
            assert errand is not None
            intake.take_in(errand, paper, side, picture)


def _take_in(number: str, right: Right, channel: Channel, words: str, categories: Sequence[Category] = ()) -> int:
    with transaction():
        staff = member_of("support@example.org")
        return take_in(customer_of(number), right, channel, clock.now(), words, staff, categories=categories).id


def _take_in_and_call(
    number: str, right: Right, channel: Channel, words: str, categories: Sequence[Category] = ()
) -> int:
    """Take a request in, and call the customer back on a number of record, who says that they asked."""
    request_id = _take_in(number, right, channel, words, categories)
    with transaction():
        request = request_of(request_id)
        place = numbers_of(request.customer, request.received_at)[0]
        call_back(request, member_of("officer@example.org"), place, CallResult.CONFIRMED, version=request.version)
        request.holder_id = request.held_until = None
    return request_id


def _grant(request_id: int, message: str) -> None:
    """Decide each item as the portal proposes it, and have it seconded."""
    _grant_alone(request_id, message)
    with transaction():
        request = request_of(request_id)
        second(request, member_of("officer@example.org"), SecondOpinion.AGREES, "", request.version)


def _grant_alone(request_id: int, message: str) -> None:
    """Decide each item as the portal proposes it, where nobody has to second that."""
    with transaction():
        request = request_of(request_id)
        decide(request, member_of("reviewer@example.org"), Draft(Way.PROPOSED, message), request.version)


def _extend(request_id: int) -> None:
    with transaction():
        request = request_of(request_id)
        extend(
            request, member_of("officer@example.org"), ExtensionReason.COMPLEXITY,
            "Votre demande porte sur dix ans d’échanges, dispersés dans quatre systèmes.", request.version,
        )  # fmt: skip


def _ask(request_id: int) -> None:
    with transaction():
        request = request_of(request_id)
        ask_clarification(
            request, member_of("reviewer@example.org"),
            "Quelles données contestez-vous : vos coordonnées, vos achats, ou les deux ?", request.version,
        )  # fmt: skip


def _decide_erasure(request_id: int) -> None:
    draft = Draft(Way.PROPOSED, "Nous acceptons d’effacer votre profil et l’historique de vos visites.")
    with transaction():
        request = request_of(request_id)
        claim(request, member_of("reviewer@example.org"))
        decide(request, member_of("reviewer@example.org"), draft, request.version)


def _disagree(request_id: int) -> None:
    draft = Draft(Way.REFUSED, "Vos visites ne font pas partie de ce droit.", RefusalGround.RIGHT_NOT_OPEN)
    with transaction():
        request = request_of(request_id)
        decide(request, member_of("reviewer@example.org"), draft, request.version)
    with transaction():
        request = request_of(request_id)
        why = "Ses coordonnées et ses achats font partie du droit : accordons cela."
        second(request, member_of("officer@example.org"), SecondOpinion.DISAGREES, why, request.version)


def _doubt(request_id: int) -> None:
    with transaction():
        request = request_of(request_id)
        ask_for_document(
            request, member_of("reviewer@example.org"), "Le message vient d’une adresse que nous ne connaissons pas.",
            version=request.version,
        )  # fmt: skip


def _look(number: str, email: str, category: Category, reason: str) -> None:
    with transaction():
        log_access(member_of(email), customer_of(number), category=category, reason=reason)


def customer_of(number: str) -> Customer:
    return db.session.execute(select(Customer).where(Customer.external_id == number)).scalar_one()


def _account(number: str) -> Account:
    return db.session.execute(select(Account).where(Account.customer_id == customer_of(number).id)).scalar_one()


def member_of(email: str) -> StaffMember:
    return db.session.execute(select(StaffMember).where(StaffMember.email == email)).scalar_one()


def request_of(request_id: int) -> RightsRequest:
    return db.session.get_one(RightsRequest, request_id)
