"""The demonstration's own system, on this machine: which one it stands in for, and where it listens."""

from typing import Final
from urllib.parse import urlsplit

from portal.config import Settings
from portal.organisation import Organisation

SYSTEM: Final = "campaigns"
"""The system of the demonstration that a process of its own stands in for."""


def with_stand_in(organisation: Organisation, settings: Settings) -> Organisation:
    """Return the organisation as it is told: of the demonstration, one system by a call to its stand-in.

    Nothing changes outside the demonstration, whatever the setting says.
    """
    url = settings.stand_in_system
    if not (settings.is_demo and url and organisation.system(SYSTEM)):
        return organisation
    return organisation.telling(SYSTEM, url, urlsplit(url).port or 0)
