"""The address of a sending, which is sealed: whoever reads the database learns where nobody lives."""

from portal.infrastructure.sealing import rotation
from portal.infrastructure.sealing.keys import MasterKeys
from portal.infrastructure.sealing.rotation import WrappedKeys
from portal.infrastructure.sealing.texts import open_text, rewrap_text, seal_text, version_of_text
from portal.letters.models import Dispatch


def seal_address(dispatch: Dispatch, address: str) -> None:
    """Keep the address of a sending that was added to the transaction and has its number."""
    dispatch.sealed_address = seal_text(address, _context(dispatch)).encode()


def address_of(dispatch: Dispatch) -> str:
    """Return where a sending went; empty where it needs no address. Raises `KeyMissing`, `KeyBroken`, `SealBroken`."""
    return open_text(dispatch.sealed_address.decode(), _context(dispatch)) if dispatch.sealed_address else ""


def _context(dispatch: Dispatch) -> str:
    return f"dispatch:{dispatch.public_id}:address"


def _version(dispatch: Dispatch) -> int | None:
    return version_of_text(dispatch.sealed_address.decode()) if dispatch.sealed_address else None


def _rewrap(dispatch: Dispatch, keys: MasterKeys) -> None:
    assert dispatch.sealed_address
    dispatch.sealed_address = rewrap_text(dispatch.sealed_address.decode(), _context(dispatch), keys).encode()


rotation.register(WrappedKeys(Dispatch, _version, _rewrap, Dispatch.sealed_address.is_not(None)))
