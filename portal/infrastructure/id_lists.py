"""Conditions on thousands of ids, as one parameter: one for each id costs more than to find its row."""

from collections.abc import Collection
from typing import Any, cast

import orjson
from sqlalchemy import ColumnElement, Integer, String, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from portal.infrastructure.database import db


def among(column: Any, ids: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is one of some ids. Only numbers and texts go as one parameter."""
    if not isinstance(column.type, Integer | String):
        return cast(ColumnElement[bool], column.in_(ids))
    if db.session.connection().dialect.name == "postgresql":
        return cast(ColumnElement[bool], column == any_(literal(list(ids), ARRAY(column.type))))
    listed = func.json_each(orjson.dumps(list(ids)).decode()).table_valued("value")
    return cast(ColumnElement[bool], column.in_(select(listed.c.value)))
