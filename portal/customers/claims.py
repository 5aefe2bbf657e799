"""The fields of a customer that an import must not change, because this portal knows better.

Two examples: the sign-in address of a customer with an account, and a name corrected on the person's request. The
domains that know are in layers above this one, so they register a lookup here.
"""

from collections.abc import Callable, Collection, Mapping

Lookup = Callable[[Collection[int]], Mapping[int, frozenset[str]]]

Listener = Callable[[Mapping[int, frozenset[str]]], None]

_lookups: list[Lookup] = []
_listeners: list[Listener] = []


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


def when_sent_the_same(listener: Listener) -> Listener:
    """Register what a domain does, in the same transaction, when an import sends what is kept here.

    It is called with the columns for each customer by id; the values of all of them are those that are held.
    """
    _listeners.append(listener)
    return listener


def sent_the_same(sent: Mapping[int, frozenset[str]]) -> None:
    """Call the listeners with the kept columns that lines sent as they are here, in the current transaction."""
    for listener in _listeners if sent else ():
        listener(sent)
