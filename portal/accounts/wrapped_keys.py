"""Register the sealed app secrets of customers for the rotation of master keys."""

from portal.access.one_time_codes import rewrap_secret, sealed_key_version
from portal.accounts.models import Account
from portal.infrastructure.sealing import rotation
from portal.infrastructure.sealing.rotation import WrappedKeys

rotation.register(WrappedKeys(Account, sealed_key_version, rewrap_secret, Account.sealed_totp_secret.is_not(None)))
