"""What no line of an import may touch: what is archived, what was erased, what a hold keeps, uses that were stopped."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import ErasedRecord, ErasedSpan
from portal.personal_data.erasure.tombstones import named_record
from portal.personal_data.keeping.models import Keep, KeepReason
from portal.personal_data.stops.standing import Stops, are_stopped, stops_of
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import Kind
from portal.records.imports.naming import RecordKey, select_named


class OutOfReach:
    """What is out of reach of one batch, read once. Its customers are locked, so nothing of it changes meanwhile."""

    def __init__(self, keys: Collection[RecordKey]) -> None:
        customers = {customer_id for customer_id, _kind, _external_id in keys}
        self._archived: set[RecordKey] = set()
        self._spans: dict[tuple[int, str], datetime] = {}
        self._erased: set[tuple[int, str, str]] = set()
        self._holds: dict[int, list[Keep]] = {}
        self._stops: dict[int, Stops] = {}
        if customers:
            self._read(list(keys), customers)

    def _read(self, keys: list[RecordKey], customers: set[int]) -> None:
        columns = (ArchivedRecord.customer_id, ArchivedRecord.kind, ArchivedRecord.external_id)
        self._archived = {tuple(row) for row in db.session.execute(select_named(ArchivedRecord, columns, keys))}
        spans = select(ErasedSpan).where(ErasedSpan.customer_id.in_(customers))
        self._spans = {(span.customer_id, span.kind): span.until_at for span in db.session.execute(spans).scalars()}
        erased = select(ErasedRecord).where(ErasedRecord.customer_id.in_(customers))
        self._erased = {(row.customer_id, row.kind, row.keyed_hash) for row in db.session.execute(erased).scalars()}
        holds = (Keep.customer_id.in_(customers), Keep.reason == KeepReason.HOLD, Keep.ended_at.is_(None))
        for keep in db.session.execute(select(Keep).where(*holds)).scalars():
            self._holds.setdefault(keep.customer_id, []).append(keep)
        self._stops = stops_of(customers)

    def is_archived(self, key: RecordKey) -> bool:
        """Tell whether a record lies in the archive."""
        return key in self._archived

    def was_erased(self, key: RecordKey, recorded_at: datetime) -> bool:
        """Tell whether a record was erased at the person's request, with its kind or by itself."""
        customer_id, kind, external_id = key
        until_at = self._spans.get((customer_id, kind))
        if until_at is not None and recorded_at < until_at:
            return True
        if not any((customer_id, kind) == (person, named) for person, named, _hash in self._erased):
            return False
        hashes = installed.tombstone_keys().hashes(named_record(kind, external_id)).values()
        return any((customer_id, kind, keyed_hash) in self._erased for keyed_hash in hashes)

    def is_on_hold(self, key: RecordKey, category: str) -> bool:
        """Tell whether a legal hold keeps a record."""
        customer_id, kind, external_id = key
        return any(
            keep.category in {None, category} and keep.kind in {None, kind} and keep.external_id in {None, external_id}
            for keep in self._holds.get(customer_id, ())
        )

    def is_use_stopped(self, customer_id: int, kind: Kind) -> bool:
        """Tell whether the person objected to all that a kind serves, with success."""
        return are_stopped(self._stops.get(customer_id, {}), kind.all_purposes)
