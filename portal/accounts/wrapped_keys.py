"""The keys of customers' second steps, for the rotation of master keys."""

from portal.access.one_time_codes import rewrap_secret, sealed_key_version
from portal.accounts.models import Account
from portal.infrastructure import key_rotation
from portal.infrastructure.key_rotation import WrappedKeys

key_rotation.register(WrappedKeys(Account, sealed_key_version, rewrap_secret, Account.sealed_totp_secret.is_not(None)))
