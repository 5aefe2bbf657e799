"""Read rows by their whole keys: the customer, the kind, the number in its system."""

from typing import Any

import orjson
from sqlalchemy import BigInteger, Select, String, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from portal.infrastructure.database import db

RecordKey = tuple[int, str, str]
"""The customer's id, the kind, the external id."""


def select_named(model: Any, columns: tuple[Any, ...], keys: list[RecordKey]) -> Select[Any]:
    """Return the select of rows by their whole keys, which are sent to the database as one JSON value.

    SQLite reads the whole table for `(a, b, c) IN (…)`; joined to a list it looks each key up in the index.
    """
    if db.engine.dialect.name == "postgresql":
        listed = func.jsonb_array_elements(cast(keys, JSONB)).table_valued("value", name="listed")
    else:
        listed = func.json_each(orjson.dumps(keys).decode()).table_valued("value", name="listed")
    customer_id, kind, external_id = (listed.c.value.op("->>")(literal_column(str(place))) for place in range(3))
    return select(*columns).join_from(
        listed,
        model,
        (model.customer_id == cast(customer_id, BigInteger))
        & (model.kind == cast(kind, String))
        & (model.external_id == cast(external_id, String)),
    )
