"""An erasure that does not cool off takes two people: a member proposes it, another seconds, and it begins at once."""

from collections.abc import Iterable
from typing import Final

from flask_babel import get_locale
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.planning import plan
from portal.personal_data.erasure.scheduling import Stopped, schedule, under_way
from portal.personal_data.erasure.scope import Scope
from portal.staff.approvals.forgetting import names_targets
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import open_about, propose
from portal.staff.models import StaffMember

TARGET: Final = "customer:"
_STOPPED: Final = Label(fr="quelque chose doit se terminer d'abord : {stops}.", en="something must end first: {stops}.")
_ANOTHER: Final = Label(
    fr="un effacement de cette personne est déjà en cours.", en="an erasure of this person is under way already."
)
_DIGEST: Final = Label(fr="Empreinte du plan", en="Digest of the plan")
_STATUS: Final = Label(fr="État de la fiche", en="Status of the file")


def propose_now(customer: Customer, reason: str, author: StaffMember) -> Approval:
    """Add the proposal to erase a customer at once to the current transaction, or return the one that is open."""
    target = f"{TARGET}{customer.public_id}"
    after = _facts_of(target) | {"status": CustomerStatus.ERASED.value}
    return open_about(target, NOW) or propose(NOW, target, after, reason, author)


@names_targets
def target_of(customer_id: int) -> Iterable[str]:
    """Return the target of proposals to erase a customer at once."""
    return [f"{TARGET}{db.session.get_one(Customer, customer_id).public_id}"]


def _customer(target: str) -> Customer | None:
    named = select(Customer).where(Customer.public_id == target.removeprefix(TARGET))
    held = named.with_for_update(key_share=True).execution_options(populate_existing=True)
    return db.session.execute(held).scalar_one_or_none()


def _facts_of(target: str) -> Facts:
    customer = _customer(target)
    return {"status": customer.status.value, "digest": plan(customer.id, Scope()).digest} if customer else {}


def _carry_out(approval: Approval) -> None:
    customer = _customer(approval.target)
    if customer is None or under_way(customer.id):
        raise CannotCarryOut(_ANOTHER.text(get_locale()))
    try:
        schedule(customer, Scope(), plan(customer.id, Scope()), begins_at=clock.now())
    except Stopped as stopped:
        raise CannotCarryOut(_STOPPED.filled(get_locale(), stops=", ".join(stopped.stops))) from None


def _describe(facts: Facts, language: str) -> list[tuple[str, str]]:
    return [(_STATUS.text(language), facts["status"]), (_DIGEST.text(language), facts["digest"])] if facts else []


NOW: Final = register(
    ApprovalKind(
        code="erasure_now",
        label=Label(fr="Effacer une personne sans délai", en="Erase a person without delay"),
        permission=Permission.SECOND_PROVEN_GROUND,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
    )
)
