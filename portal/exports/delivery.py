"""Hand a package over: to its customer only, after a fresh proof, and not one byte of a damaged one.

A download is counted when its customer asks for it. It then has an address of its own for an hour, in the session that
asked: a browser whose line broke goes on there where it was, and that is still the same download.
"""

from collections.abc import Iterator
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.exports.models import AnswerPackage, PackageStatus, key_context
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing
from portal.infrastructure.sealing.streams import SealBroken, open_stream
from portal.infrastructure.storage import NotStored

TICKET_LIFE = timedelta(hours=1)

DOWNLOADED = declare("customer:package:downloaded", "package", "download")
DAMAGED = declare("portal:package:found_damaged", "package")


class PackageUnavailable(Exception):
    """The package is not ready yet, or has expired."""


class PackageDamaged(Exception):
    """The stored bytes are not what was sealed; none of them is given out."""


def find_package(customer_id: int, public_id: str) -> AnswerPackage | None:
    """Return a customer's package by its public id, or None for anybody else's."""
    statement = select(AnswerPackage).where(
        AnswerPackage.public_id == public_id, AnswerPackage.customer_id == customer_id
    )
    return db.session.execute(statement).scalar_one_or_none()


def package_of_request(request_id: int) -> AnswerPackage | None:
    """Return the package that answers a request, or None."""
    return db.session.execute(select(AnswerPackage).where(AnswerPackage.request_id == request_id)).scalar_one_or_none()


def is_available(package: AnswerPackage) -> bool:
    """Tell whether a package is ready and has not expired."""
    return package.status is PackageStatus.READY and package.expires_at is not None and clock.now() < package.expires_at


def check_whole(package: AnswerPackage) -> None:
    """Read a whole package once, so that nothing of a damaged one is sent.

    Raises:
        PackageUnavailable: it is not ready, or has expired.
        PackageDamaged: it is not what was written, it is not there, or its key does not open.
        StorageUnavailable: the store does not answer.
    """
    if not is_available(package):
        raise PackageUnavailable
    try:
        for _chunk in clear_chunks(package):
            pass
    except (SealBroken, KeyBroken, KeyMissing, NotStored) as fault:
        raise PackageDamaged from fault


def note_damage(package: AnswerPackage) -> None:
    """Record in the current transaction that a package is not what was sealed."""
    customer = db.session.get_one(Customer, package.customer_id)
    record(DAMAGED, actor="portal", subject=f"customer:{customer.public_id}", package=package.public_id)


def begin_download(package: AnswerPackage, session_id: int) -> str:
    """Note a download in the current transaction, and return the ticket by which its bytes are fetched.

    Raises:
        PackageUnavailable: it is not ready, or has expired.
    """
    if not is_available(package):
        raise PackageUnavailable
    package.downloads = AnswerPackage.downloads + 1
    db.session.flush()
    customer = db.session.get_one(Customer, package.customer_id)
    actor = f"customer:{customer.public_id}"
    record(DOWNLOADED, actor=actor, subject=actor, package=package.public_id, download=package.downloads)
    until = (clock.now() + TICKET_LIFE).timestamp()
    return str(_tickets().dumps([package.public_id, session_id, until]))


def is_begun(package: AnswerPackage, session_id: int, ticket: str) -> bool:
    """Tell whether a ticket is of this package, was given to this session, and is younger than an hour."""
    try:
        *whose, until = _tickets().loads(ticket)
    except BadData:
        return False
    return bool(whose == [package.public_id, session_id] and clock.now().timestamp() < until)


def _tickets() -> URLSafeSerializer:
    return URLSafeSerializer(installed.settings().secret_key, salt="answer-download")


def clear_chunks(package: AnswerPackage) -> Iterator[bytes]:
    """Return the clear bytes of a package, each chunk verified before it is yielded.

    Raises:
        KeyMissing, KeyBroken, NotStored: at once, when it cannot be opened.
        SealBroken, StorageUnavailable: while it is read, when a byte is not what was written or the store fails.
    """
    assert package.storage_key
    assert package.wrapped_key
    name = package.storage_key
    key = installed.master_keys().unwrap(package.wrapped_key, key_context(package))
    return open_stream(key, installed.storage().open(name), name)
