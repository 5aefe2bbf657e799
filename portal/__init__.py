"""A self-hosted portal where customers see and govern the personal data that a company holds about them."""

import gc

# Nearly all that is made while the portal is loaded stays: to look through it for garbage took a sixth of each start.
# `wsgi.py` puts the usual number back.
gc.set_threshold(1_000_000, 10, 10)
