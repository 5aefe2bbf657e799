"""What may become of somebody's second factors: one word each for the audit trail and the mail that tells of it."""

from enum import StrEnum


class FactorChange(StrEnum):
    APP_ADDED = "app_added"
    """An authenticator app counts from now on, in the place of an older one if there was."""
    APP_REMOVED = "app_removed"
    """The authenticator app counts no more."""
    PASSKEY_ADDED = "passkey_added"
    """One more passkey counts."""
    PASSKEY_REMOVED = "passkey_removed"
    """A passkey counts no more."""
    CODES_RENEWED = "codes_renewed"
    """Fresh recovery codes took the place of the older ones."""
    UNDONE = "undone"
    """What was added about the time of a change of address went, because its owner denied that change."""
    LIFTED = "lifted"
    """Somebody of the organisation took all of them away, after making sure of the person."""
