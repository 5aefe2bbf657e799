"""Hand a package over: to its customer only, after fresh proof, and never one byte of a damaged one."""

from collections.abc import Iterator

from flask import current_app
from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db
from portal.infrastructure.sealing import open_stream

DOWNLOADED = declare("customer:package:downloaded", "package", "download")


class PackageUnavailable(Exception):
    """The package is not ready, or no longer there."""


def find_package(customer_id: int, public_id: str) -> AnswerPackage | None:
    """Return a customer's package by its public id, or None for anybody else's."""
    statement = select(AnswerPackage).where(
        AnswerPackage.public_id == public_id, AnswerPackage.customer_id == customer_id
    )
    return db.session.execute(statement).scalar_one_or_none()


def package_of_request(request_id: int) -> AnswerPackage | None:
    """Return the package that answers a request, or None."""
    return db.session.execute(select(AnswerPackage).where(AnswerPackage.request_id == request_id)).scalar_one_or_none()


def deliver(package: AnswerPackage) -> None:
    """Note a download in the current transaction, before the first byte leaves.

    Raises:
        PackageUnavailable: unless it is ready and within its life.
    """
    if package.status is not PackageStatus.READY or package.expires_at is None or package.expires_at <= clock.now():
        raise PackageUnavailable
    package.downloads += 1
    customer = db.session.get_one(Customer, package.customer_id)
    actor = f"customer:{customer.public_id}"
    record(DOWNLOADED, actor=actor, subject=actor, package=package.public_id, download=package.downloads)


def clear_chunks(package: AnswerPackage) -> Iterator[bytes]:
    """Return the clear bytes of a package, after all of them were verified once.

    Raises:
        SealBroken: when a stored byte is not what was written.
    """
    assert package.storage_key
    assert package.wrapped_key
    name = package.storage_key
    key = current_app.extensions["master_keys"].unwrap(package.wrapped_key, name.encode())
    storage = current_app.extensions["storage"]
    for _chunk in open_stream(key, storage.open(name), name):
        pass
    return open_stream(key, storage.open(name), name)
