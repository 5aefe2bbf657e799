"""The keys of staff's second factors, for the rotation of master keys."""

from portal.access.one_time_codes import rewrap_secret, sealed_key_version
from portal.infrastructure.sealing import rotation
from portal.infrastructure.sealing.rotation import WrappedKeys
from portal.staff.models import StaffMember

rotation.register(WrappedKeys(StaffMember, sealed_key_version, rewrap_secret))
