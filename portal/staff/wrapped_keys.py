"""The keys of staff's second factors, for the rotation of master keys."""

from portal.access.one_time_codes import rewrap_secret, sealed_key_version
from portal.infrastructure import key_rotation
from portal.infrastructure.key_rotation import WrappedKeys
from portal.staff.models import StaffMember

key_rotation.register(WrappedKeys(StaffMember, sealed_key_version, rewrap_secret))
