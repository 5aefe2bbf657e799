"""Forget what was typed about somebody who is erased. Who proposed and decided what stays as proof, by references."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import or_, select

from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.personal_data.erasure.becoming import Becoming, becomes
from portal.personal_data.erasure.listeners import on_seal, waits_for
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.scope import Scope
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.approvals.proposing import end, hold

becomes(
    "approvals",
    Becoming(
        Label(
            fr="qui a proposé et décidé quoi, quand : 5 ans ; motifs vidés, sauf sur une conservation forcée",
            en="who proposed and decided what, when: 5 years; reasons emptied, but for those about a legal hold",
        ),
        Label(fr="article 5, paragraphe 2", en="art. 5(2)"),
        {
            "approvals": frozenset(
                {"public_id", "what", "target", "before", "after", "made_at", "ends_at", "state", "decided_at"}
            )
        },
    ),
)


Targets = Callable[[int], Iterable[str]]
_targets: list[Targets] = []


def names_targets(targets: Targets) -> Targets:
    """Register a function that takes a customer's id, and yields the targets of proposals that are about them."""
    _targets.append(targets)
    return targets


@on_seal
def forget_about(erasure: Erasure) -> None:
    """Have the words of the proposals about somebody emptied.

    Jobs do it: whoever decides a proposal locks it before the person whom it is about, and an erasure holds the person.
    """
    if not Scope.read(erasure.scope).is_whole:
        return
    for approval_id in db.session.execute(_worded(erasure.customer_id).order_by(Approval.id)).scalars().all():
        enqueue("staff.forget_words", approval_id=approval_id)


@waits_for
def has_words(customer_id: int) -> bool:
    """Tell whether words about somebody who is erased still stand: the erasure goes on without them."""
    erased = select(Customer.id).where(Customer.id == customer_id, Customer.status == CustomerStatus.ERASED)
    return db.session.execute(_worded(customer_id).where(erased.exists()).limit(1)).first() is not None


def _worded(customer_id: int) -> Any:
    """Return the select of the proposals about a customer that hold words."""
    targets = {target for named in _targets for target in named(customer_id)}
    return select(Approval.id).where(Approval.target.in_(targets), or_(Approval.reason != "", Approval.words != ""))


@job("staff.forget_words")
def forget_words(run: JobRun, approval_id: int) -> None:
    """End a proposal that is still open, and empty what was typed into it."""
    with run.finish():
        approval = hold(Approval.id == approval_id)
        if approval is None:
            return
        if approval.state is ApprovalState.PROPOSED:
            end(approval, "portal")
        approval.reason = approval.words = ""
