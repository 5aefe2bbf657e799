"""The keys of second factors, for the rotation of master keys."""

from portal.infrastructure import key_rotation
from portal.infrastructure.key_rotation import WrappedKeys
from portal.infrastructure.keys import MasterKeys
from portal.staff.models import StaffMember
from portal.staff.sealed_texts import rewrap_text, version_of_text
from portal.staff.second_factor import SEALED_AS


def _version(member: StaffMember) -> int | None:
    return version_of_text(member.sealed_totp_secret) if member.sealed_totp_secret else None


def _rewrap(member: StaffMember, keys: MasterKeys) -> None:
    assert member.sealed_totp_secret
    member.sealed_totp_secret = rewrap_text(member.sealed_totp_secret, SEALED_AS, keys)


key_rotation.register(WrappedKeys(StaffMember, _version, _rewrap))
