"""What domains above do with an erasure: they register here, and are called in the transaction of each turn.

Also what they must lock before an erasure is touched: rows are locked in the one order of the house, and some of them
belong to domains that this one does not know.
"""

from collections.abc import Callable, Iterable

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.order import ORDER
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.scope import Scope

Listener = Callable[[Erasure], None]


class Turn:
    """One turn of an erasure, with those who listen to it. Call it with a function to register that."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def __call__(self, listener: Listener) -> Listener:
        self._listeners.append(listener)
        return listener

    def tell(self, erasure: Erasure) -> None:
        """Call the listeners, in the order in which they registered, in the current transaction."""
        for listener in self._listeners:
            listener(erasure)


on_schedule = Turn()
"""It is decided, and cools off."""
on_cooling = Turn()
"""It waited for another erasure of the person, which is over, and cools off now."""
on_cancel = Turn()
"""The person took it back in time."""
on_return = Turn()
"""Its plan had changed, or something must end first: back to review; nothing was done."""
on_seal = Turn()
"""From here on the person is erased, or what is to go is shut off: end sessions, void ways in, suppress, tell."""
on_done = Turn()
"""Everything went, a recount confirmed it, and the certificate is made: note the items, answer."""
on_halt = Turn()
"""It stands still until a person looks."""
on_forget = Turn()
"""The answer was sent, and the contact is destroyed with it."""

_locks: list[tuple[int, Callable[[int], None]]] = []
_references: list[Callable[[int], str | None]] = []
_addresses: list[Callable[[int], Iterable[str]]] = []
_numbers: list[Callable[[int], Iterable[str]]] = []
_marks: list[Callable[[int], object]] = []
FindSystems = Callable[[int, Scope], Iterable[tuple[str, str]]]
_systems: list[FindSystems] = []
_waits: list[Callable[[int], bool]] = []


def locks(table: str) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """Register a function that takes a customer's id and locks their rows of a table of `ORDER`."""

    def register(lock: Callable[[int], None]) -> Callable[[int], None]:
        _locks.append((ORDER.index(table), lock))
        return lock

    return register


@locks(Customer.__tablename__)
def _lock_customer(customer_id: int) -> None:
    lock_row(Customer, customer_id)


def hold(erasure_id: int) -> Erasure | None:
    """Lock a person with all that comes before, then the erasure, and return it as it is now; None where it is gone."""
    known = db.session.get(Erasure, erasure_id)
    if known is None:
        return None
    lock_person(known.customer_id)
    return db.session.get(Erasure, erasure_id, with_for_update={"key_share": True}, populate_existing=True)


def lock_person(customer_id: int) -> None:
    """Lock what is locked of a person before their erasure, in the order of the house."""
    for _rank, lock in sorted(_locks, key=lambda each: each[0]):
        lock(customer_id)


def names_request(reference_of: Callable[[int], str | None]) -> Callable[[int], str | None]:
    """Register the function that returns the reference of a request by its id."""
    _references[:] = [reference_of]
    return reference_of


def reference_of(erasure: Erasure) -> str:
    """Return how an erasure is named: the reference of its request, else its own public id."""
    return reference_of_request(erasure.request_id) or erasure.public_id


def reference_of_request(request_id: int | None) -> str | None:
    """Return the reference of a request by its id; None where there is none, or nobody registered who knows."""
    return next((find(request_id) for find in _references), None) if request_id else None


def holds_addresses(find: Callable[[int], Iterable[str]]) -> Callable[[int], Iterable[str]]:
    """Register a function that returns addresses by which a domain knows a customer."""
    _addresses.append(find)
    return find


def holds_numbers(find: Callable[[int], Iterable[str]]) -> Callable[[int], Iterable[str]]:
    """Register a function that returns the numbers that Facebook gave for a customer."""
    _numbers.append(find)
    return find


def addresses_of(customer_id: int) -> list[str]:
    """Return every address by which a customer is known here, each once."""
    customer = db.session.get_one(Customer, customer_id)
    found = [customer.email or "", *(each for find in _addresses for each in find(customer_id))]
    return list(dict.fromkeys(address for address in found if address))


def numbers_of(customer_id: int) -> list[str]:
    """Return the numbers that Facebook gave for a customer, each once."""
    return list(dict.fromkeys(each for find in _numbers for each in find(customer_id)))


def names_systems(find: FindSystems) -> FindSystems:
    """Register a function that returns the kinds that an erasure is about, each with a system that sent some."""
    _systems.append(find)
    return find


def systems_of(customer_id: int, scope: Scope) -> dict[str, list[str]]:
    """Return by kind the codes of the systems that sent what an erasure is about, in their order."""
    found: dict[str, set[str]] = {}
    for kind, code in (each for find in _systems for each in find(customer_id, scope)):
        found.setdefault(kind, set()).add(code)
    return {kind: sorted(codes) for kind, codes in found.items()}


def marks(read: Callable[[int], object]) -> Callable[[int], object]:
    """Register a function that returns, at little cost, something that changes with the plan about a customer."""
    _marks.append(read)
    return read


def marks_of(customer_id: int) -> list[object]:
    """Return what tells whether a plan that was made before the locks were taken still holds behind them."""
    return [read(customer_id) for read in _marks]


def waits_for(has_work: Callable[[int], bool]) -> Callable[[int], bool]:
    """Register a function that tells whether jobs have to end first: bytes to remove, a mail that is about to leave."""
    _waits.append(has_work)
    return has_work


def must_wait(customer_id: int) -> bool:
    """Tell whether jobs about a customer have to end before their rows go."""
    return any(has_work(customer_id) for has_work in _waits)
