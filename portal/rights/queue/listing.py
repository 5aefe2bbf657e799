"""The staff queue: open cases by due date, filters, and how many cases are late or due soon."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, with_expression

from portal import clock
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.customers.name_search import name_begins_with
from portal.infrastructure.addresses import as_pasted
from portal.infrastructure.database import db
from portal.infrastructure.references import read_reference
from portal.lookups.opening import check_cases_with
from portal.rights.acting import find_request
from portal.rights.channels import Channel
from portal.rights.clock.running import days_left
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from portal.rights.queue.claims import is_held_by, is_held_by_another
from portal.rights.queue.to_do import COPY_FAILED, DOCUMENT_WAITS, ERASURE_STATE, ToDo, to_do
from portal.staff.models import StaffMember
from portal.web.pagination import Page, keyset_page

PAGE_SIZE = 50
COUNTED_UP_TO = 10_000
SHORTEST_NAME = 3


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to. An empty value does not narrow it."""

    text: str = ""
    right: Right | None = None
    status: Status | None = None
    channel: Channel | None = None
    holder: str = ""
    when: str = ""
    closed: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.right or self.status or self.channel or self.holder or self.when or self.closed)

    @property
    def searches_people(self) -> bool:
        """Whether the text tells who a customer is: a name, an address or a number, and no reference of a case."""
        return bool(self.text) and read_reference(self.text) is None


WHEN = ("late", "soon", "fortnight", "later", "paused", "extended")
HOLDERS = ("me", "free", "others")


@dataclass(frozen=True)
class Row:
    """What a row of the queue shows: so little of the customer that it counts as no look at their data.

    Attributes:
        short_name: given name and initial, empty when neither is known.
        days_left: for an open case; None while its clock stands still.
        to_do: what the case waits for; None for a closed one.
        holder: the colleague who holds the case.
    """

    reference: str
    customer_id: int
    right: Right
    short_name: str
    sort_on: date
    days_left: int | None
    is_open: bool
    is_extended: bool
    status: Status
    to_do: ToDo | None
    is_mine: bool
    holder: str | None


def queue_page(filters: Filters, member: StaffMember, cursor: str | None) -> Page[Row]:
    """Return one page of the queue, the most urgent first."""
    statement = _filtered(filters, member).options(
        contains_eager(RightsRequest.customer),
        joinedload(RightsRequest.holder),
        with_expression(RightsRequest.has_document, DOCUMENT_WAITS),
        with_expression(RightsRequest.has_failed_copy, COPY_FAILED),
        with_expression(RightsRequest.erasure_state, ERASURE_STATE),
    )
    columns = [(RightsRequest.sort_on, filters.closed), (RightsRequest.id, filters.closed)]
    page = keyset_page(
        statement, columns, lambda row: (row.sort_on, row.id), cursor=cursor, size=PAGE_SIZE, name="queue"
    )
    return replace(page, rows=[_row(request, member) for request in page.rows])


def _row(request: RightsRequest, member: StaffMember) -> Row:
    is_mine, is_others = is_held_by(request, member), is_held_by_another(request, member)
    return Row(
        request.reference, request.customer_id, request.right, request.customer.short_name, request.sort_on,
        days_left(request) if request.is_open else None, request.is_open, request.is_extended, request.status,
        to_do(request), is_mine, request.holder.short_name if is_others and request.holder else None,
    )  # fmt: skip


def count_matching(filters: Filters, member: StaffMember) -> int:
    """Return how many cases match, counting no further than ten thousand and one."""
    inner = _filtered(filters, member).with_only_columns(RightsRequest.id).limit(COUNTED_UP_TO + 1).subquery()
    return int(db.session.execute(select(func.count()).select_from(inner)).scalar_one())


def _filtered(filters: Filters, member: StaffMember) -> Select[tuple[RightsRequest]]:
    conditions: list[ColumnElement[bool]] = [RightsRequest.is_open.is_(not filters.closed)]
    if filters.right:
        conditions.append(RightsRequest.right == filters.right)
    if filters.status:
        conditions.append(RightsRequest.status == filters.status)
    if filters.channel:
        conditions.append(RightsRequest.channel == filters.channel)
    if filters.holder:
        conditions.append(_held(member)[filters.holder])
    if filters.when:
        conditions.append(_due()[filters.when])
    if filters.text:
        conditions.append(_matches(filters.text))
    return select(RightsRequest).join(RightsRequest.customer).where(*conditions)


def _held(member: StaffMember) -> dict[str, ColumnElement[bool]]:
    """Return what each of `HOLDERS` means for a member now."""
    instant = clock.now()
    is_held = and_(RightsRequest.holder_id.is_not(None), RightsRequest.held_until > instant)
    return {
        "me": and_(is_held, RightsRequest.holder_id == member.id),
        "free": or_(RightsRequest.holder_id.is_(None), RightsRequest.held_until <= instant),
        "others": and_(is_held, RightsRequest.holder_id != member.id),
    }


def _due() -> dict[str, ColumnElement[bool]]:
    """Return what each of `WHEN` means today."""
    today, due = clock.today(), RightsRequest.due_on
    return {
        "late": due < today,
        "soon": due.between(today, today + timedelta(days=4)),
        "fortnight": due.between(today + timedelta(days=5), today + timedelta(days=14)),
        "later": due > today + timedelta(days=14),
        "paused": RightsRequest.paused_on.is_not(None),
        "extended": RightsRequest.extended_on.is_not(None),
    }


def _matches(text: str) -> ColumnElement[bool]:
    """Match a reference, an exact address or number, or the beginning of a name. `%` and `_` are plain characters."""
    alternatives: list[ColumnElement[bool]] = [Customer.external_id == text]
    if reference := read_reference(text):
        alternatives.append(RightsRequest.reference == reference)
    if len(text) >= SHORTEST_NAME and (named := name_begins_with(text)) is not None:
        alternatives.append(named)
    with suppress(AddressRefused):
        alternatives.append(Customer.email_normalised == normalise_address(as_pasted(text)))
    return or_(*alternatives)


@dataclass(frozen=True)
class Counts:
    """How many open cases there are, by days left and by who can go on with them.

    Attributes:
        late, soon, fortnight, later, paused: as the filter of that name shows them; together, all that are open.
        free, mine, second: those nobody holds, those the member holds, those that wait for a second opinion.
    """

    late: int
    soon: int
    fortnight: int
    later: int
    paused: int
    free: int
    mine: int
    second: int

    @property
    def all_open(self) -> int:
        return self.late + self.soon + self.fortnight + self.later + self.paused


def count_open(member: StaffMember) -> Counts:
    """Count the open cases, as a member sees them, in one statement."""
    due, held = _due(), _held(member)
    counted = [due[name] for name in ("late", "soon", "fortnight", "later", "paused")]
    counted += [held["free"], held["me"], RightsRequest.status == Status.SECOND_OPINION]
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in counted]
    row = db.session.execute(select(*sums).where(RightsRequest.is_open.is_(True))).one()
    return Counts(*(int(value) for value in row))


@check_cases_with
def is_request_of(customer_id: int, reference: str) -> bool:
    """Tell whether a case is of a customer. A lookup of that customer may name no case of anybody else."""
    found = find_request(reference)
    return found is not None and found.customer_id == customer_id


def other_requests(request: RightsRequest) -> list[RightsRequest]:
    """Return the latest other requests of the same customer, newest first."""
    statement = select(RightsRequest).where(
        RightsRequest.customer_id == request.customer_id, RightsRequest.id != request.id
    )
    ordered = statement.order_by(RightsRequest.received_at.desc(), RightsRequest.id.desc()).limit(10)
    return list(db.session.execute(ordered).scalars())
