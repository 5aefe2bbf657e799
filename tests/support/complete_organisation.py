"""An organisation that declares everything, for tests of what is there when nothing is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from flask import Flask

from portal.infrastructure import installed
from portal.organisation import AccessibilityAudit, DataProtectionOfficer, Organisation
from portal.personal_data.uses.cookie_purposes import COOKIE_PURPOSES


def complete_organisation() -> Organisation:
    """Return the default organisation with its gaps closed."""
    organisation = Organisation.load()
    recipients = tuple(
        recipient.model_copy(
            update={"name": recipient.name or f"Société {recipient.code}", "reason_not_named": None, "country": "FR"}
        )
        for recipient in organisation.recipients
    )
    return organisation.model_copy(
        update={
            "recipients": recipients,
            "policy_lacks": (),
            "subsidiaries_are_named": True,
            "data_protection_officer": DataProtectionOfficer(email="dpo@example.org"),
            "takes_automated_decisions": False,
            "no_trackers_for": tuple(COOKIE_PURPOSES),
            "accessibility": AccessibilityAudit(audited_on=date(2026, 11, 2), auditor="Auditeur", level="partial"),
        }
    )


@contextmanager
def nothing_missing(app: Flask) -> Iterator[None]:
    """Install that organisation for a while."""
    before = installed.organisation()
    installed.organisation.put(app, complete_organisation())
    try:
        yield
    finally:
        installed.organisation.put(app, before)
