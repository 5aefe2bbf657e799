"""Where the answer goes, and what people wrote, sealed with the erasure while it needs them.

The person's file is emptied before the answer leaves. What the answer and the recount need of it is sealed under the
master keys when the erasure can no longer be cancelled, and destroyed when nobody needs it any more.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.sealing import rotation
from portal.infrastructure.sealing.keys import MasterKeys
from portal.infrastructure.sealing.rotation import WrappedKeys
from portal.infrastructure.sealing.texts import open_text, rewrap_text, seal_text, version_of_text
from portal.personal_data.erasure.listeners import addresses_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.scheduling import CANCEL, under_way

SEALED = ("sealed_contact", "sealed_words", "sealed_proof")


@dataclass(frozen=True)
class Contact:
    """How an erased person is written to.

    Attributes:
        address: where the answer goes; None where there is none, and it goes on paper or to the status page.
        addresses: every address by which the person was known here.
    """

    address: str | None
    addresses: tuple[str, ...]
    given_name: str
    family_name: str
    language: str

    @property
    def first_name(self) -> str:
        """How mails greet the person; empty when no name is known."""
        return self.given_name


def seal_contact(erasure: Erasure, customer: Customer) -> None:
    """Seal how a person is written to, in the current transaction."""
    addresses = addresses_of(customer.id)
    address = addresses[0] if addresses else None
    contact = Contact(address, tuple(addresses), customer.given_name, customer.family_name, customer.language)
    erasure.sealed_contact = seal(erasure, "sealed_contact", asdict(contact))


def contact_of(erasure: Erasure) -> Contact | None:
    """Return how the person of an erasure is written to; None once that is destroyed, or before it began."""
    if erasure.sealed_contact is None:
        return None
    kept = open_sealed(erasure, "sealed_contact")
    return Contact(**kept | {"addresses": tuple(kept["addresses"])})


def addresses_told(erasure: Erasure) -> list[str]:
    """Return the addresses to which a link that cancels an erasure left: a file may have changed them since."""
    told = (Mail.customer_id == erasure.customer_id, Mail.created_at >= erasure.decided_at)
    links = select(Mail.to_address).where(*told, Mail.context["token_purpose"].as_string() == CANCEL)
    return list(db.session.execute(links.distinct()).scalars())


def known_addresses(customer_id: int) -> list[str]:
    """Return every address of a customer in its normal form, also while their erasure has emptied the file."""
    erasure = under_way(customer_id)
    contact = contact_of(erasure) if erasure else None
    return normalised(contact.addresses if contact else addresses_of(customer_id))


def normalised(addresses: Any) -> list[str]:
    """Return addresses in their normal form, each once; one that has none stays as it is."""
    return list(dict.fromkeys(_normalised(address) for address in addresses))


def seal(erasure: Erasure, column: str, content: Any) -> bytes:
    """Return content sealed for one column of an erasure."""
    return seal_text(json.dumps(content, ensure_ascii=False), _context(erasure, column)).encode()


def open_sealed(erasure: Erasure, column: str) -> Any:
    """Return what was sealed for a column of an erasure. Raises `KeyMissing`, `KeyBroken`, `SealBroken`."""
    return json.loads(open_text(getattr(erasure, column).decode(), _context(erasure, column)))


def _normalised(address: str) -> str:
    try:
        return normalise_address(address)
    except AddressRefused:
        return address.strip().lower()


def _context(erasure: Erasure, column: str) -> str:
    return f"erasures.{column}:{erasure.public_id}"


def _register(column: str) -> None:
    def version(erasure: Erasure) -> int | None:
        sealed = getattr(erasure, column)
        return version_of_text(sealed.decode()) if sealed else None

    def rewrap(erasure: Erasure, keys: MasterKeys) -> None:
        sealed = rewrap_text(getattr(erasure, column).decode(), _context(erasure, column), keys)
        setattr(erasure, column, sealed.encode())

    rotation.register(WrappedKeys(Erasure, version, rewrap, getattr(Erasure, column).is_not(None)))


for _column in SEALED:
    _register(_column)
