"""The one order in which a transaction locks rows that are there already (docs/adr/0012)."""

ORDER = (
    "accounts",
    "customers",
    "rights_requests",
    "erasures",
    "identity_checks",
    "identity_documents",
    "preference_states",
    "counters",
    "preference_totals",
    "audit_head",
)
"""Tables, from the person to what all share. Rows of one table are locked in the order of their ids.

A table that is not named here is locked under one that is: a session under its account, a draft under its customer. The
counter of a reference is taken by whoever files and has locked the customer; `counters` means the series of the feed.
"""
