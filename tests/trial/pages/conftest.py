"""The portal as people meet it: see `tests/support/acting/chromium.py`."""

from tests.support.acting.chromium import profiles, served, visit

__all__ = ["profiles", "served", "visit"]
