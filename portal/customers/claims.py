"""The fields of a customer that an import must not change, because this portal knows better.

Two examples: the sign-in address of a customer with an account, and a name corrected on the person's request. The
domains that know are in layers above this one, so they register a lookup here.
"""

from collections.abc import Callable, Collection, Mapping

Lookup = Callable[[Collection[int]], Mapping[int, frozenset[str]]]

_lookups: list[Lookup] = []


def keep_fields(lookup: Lookup) -> Lookup:
    """Register a lookup, which returns the columns to keep for each of some customers' ids that has any."""
    _lookups.append(lookup)
    return lookup


def kept_fields(customer_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the columns that an import may not change, for each of the customers that has any."""
    kept: dict[int, frozenset[str]] = {}
    if not customer_ids:
        return kept
    for lookup in _lookups:
        for customer_id, fields in lookup(customer_ids).items():
            kept[customer_id] = kept.get(customer_id, frozenset()) | fields
    return kept
