"""The portal as people meet it: see `tests/support/chromium.py`."""

from tests.support.chromium import profiles, served, visit

__all__ = ["profiles", "served", "visit"]
