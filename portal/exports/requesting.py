"""Ask for an answer package. Its row and its job are written in the transaction of the request that it answers."""

from collections.abc import Callable

from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.registry import HeldItem
from portal.personal_data.uses.portability import LeftOut

_on_ready: list[Callable[[AnswerPackage], None]] = []


def on_ready(listener: Callable[[AnswerPackage], None]) -> Callable[[AnswerPackage], None]:
    """Register what happens in the transaction that makes a package ready, such as closing its request."""
    _on_ready.append(listener)
    return listener


Withheld = Callable[[HeldItem], LeftOut | None]
"""Tells of a thing why a copy leaves it out by a decision; None where it does not."""
_withholders: list[Callable[[int], Withheld]] = []


def withholds(find: Callable[[int], Withheld]) -> Callable[[int], Withheld]:
    """Register a function that takes the id of a request and returns what tells what its copy leaves out."""
    _withholders.append(find)
    return find


def withheld_for(package: AnswerPackage) -> Withheld:
    """Return what tells of a thing why a package leaves it out; nothing where no request asked for it."""
    if package.request_id is None:
        return lambda item: None
    found = [find(package.request_id) for find in _withholders]
    return lambda item: next(filter(None, (reason_for(item) for reason_for in found)), None)


def tell_ready(package: AnswerPackage) -> None:
    """Call every listener. Call it inside the transaction that makes the package ready."""
    for listener in _on_ready:
        listener(package)


def request_package(
    customer: Customer,
    *,
    purpose: str,
    request_id: int | None,
    language: str,
    categories: list[str] | None = None,
    every_page: bool = False,
) -> AnswerPackage:
    """Add a package and the job that builds it to the current transaction, and return the package.

    Args:
        purpose: `access` (art. 15: everything) or `portability` (art. 20: what was provided or observed, under
            consent or contract).
        categories: the codes asked for; all nine when absent.
        every_page: whether every item has its place on a page to read, beside the files that hold them all.
    """
    package = AnswerPackage(
        customer_id=customer.id, purpose=purpose, request_id=request_id, language=language,
        categories=[code for code in CATEGORIES if categories is None or code in categories],
        has_every_page=every_page,
    )  # fmt: skip
    db.session.add(package)
    db.session.flush()
    enqueue("exports.build_package", package_id=package.id)
    return package


def request_again(package: AnswerPackage) -> None:
    """Ask again, in the current transaction, for a package that could not be built."""
    package.status, package.progress = PackageStatus.QUEUED, 0
    enqueue("exports.build_package", package_id=package.id)
