"""What an import leaves alone: the fields of a customer on which this portal has the word.

The sign-in address of a claimed account is one; a name corrected on the person's request is another. Those
who decide such things stand above this package, so they register a lookup here.
"""

from collections.abc import Callable, Collection, Mapping

Lookup = Callable[[Collection[int]], Mapping[int, frozenset[str]]]

_lookups: list[Lookup] = []


def keep_fields(lookup: Lookup) -> Lookup:
    """Register a lookup from customers' ids to the columns to leave alone, for those that have any."""
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
