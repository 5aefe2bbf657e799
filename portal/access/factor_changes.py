"""The changes of a person's second factors. The audit trail and the mail about a change use the same codes."""

from enum import StrEnum


class FactorChange(StrEnum):
    APP_ADDED = "app_added"
    """An authenticator app was added. It replaces an older one."""
    APP_REMOVED = "app_removed"
    """The authenticator app was removed."""
    PASSKEY_ADDED = "passkey_added"
    """A passkey was added, beside any older ones."""
    PASSKEY_REMOVED = "passkey_removed"
    """A passkey was removed."""
    CODES_RENEWED = "codes_renewed"
    """Fresh recovery codes took the place of the older ones."""
    UNDONE = "undone"
    """The owner denied a change of address: the factors added around that time were removed."""
    LIFTED = "lifted"
    """Somebody of the organisation removed every factor, after making sure who asked."""
