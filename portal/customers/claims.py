"""What an import leaves alone: the fields of a customer on which this portal, not the company's systems, has the word.

The sign-in address of a claimed account is one; a name corrected on the person's request is another. Those who decide
such things stand above this package, so they register a lookup here.
"""

from collections.abc import Callable, Collection, Mapping

Lookup = Callable[[Collection[int]], Mapping[int, frozenset[str]]]

_lookups: list[Lookup] = []


def keep_fields(lookup: Lookup) -> Lookup:
    """Register a lookup that takes customers' ids and returns, for those concerned, the columns to leave alone."""
    _lookups.append(lookup)
    return lookup


def kept_fields(customer_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return, for each of the customers that has any, the columns of `Customer` that an import may not change."""
    kept: dict[int, frozenset[str]] = {}
    if not customer_ids:
        return kept
    for lookup in _lookups:
        for customer_id, fields in lookup(customer_ids).items():
            kept[customer_id] = kept.get(customer_id, frozenset()) | fields
    return kept
