"""Find names in the database as `portal.customers.names` folds them, without a second copy of every name.

SQLite calls the folding itself. PostgreSQL knows normal forms and regular expressions, and spells it out: letters of
Latin script fold alike on both.
"""

import re
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, String, event, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.customers.models import Customer
from portal.customers.names import folded, plain_words

# What PostgreSQL changes, step by step, after taking the accents off.
_STEPS: Final = (
    r"lower(translate({}, 'ØøŁłĐđÐðıĦħ', 'OoLlDdDdiHh'))",
    "replace(replace(replace(replace({}, 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'þ', 'th')",
    r"replace(replace({}, 'Œ', 'oe'), 'Æ', 'ae')",
    r"regexp_replace({}, '\mst(e?)\M', 'saint\1', 'g')",
    r"regexp_replace({}, '\mmc(?=\w\w\w)', 'mac', 'g')",
    r"regexp_replace({}, '[[:space:][:punct:]\u00A0\u00AD\u02B9-\u02BF\u200B-\u200D\u2010-\u2019]+', '', 'g')",
)


# A sign that stands in no name. Whoever types one means no name, and least of all a pattern.
_IN_NO_NAME: Final = re.compile(r"[^\w\s'’‘`´＇.,·\u00ad\u200b-\u200f\u2010-\u2015-]|_")


class FoldedName(FunctionElement[str]):
    """A name in the database, folded to one word."""

    type = String()
    name = "folded_name"
    inherit_cache = True


@compiles(FoldedName, "postgresql")
def _spell_out(element: Any, compiler: Any, **options: Any) -> str:
    text = (
        rf"regexp_replace(normalize({compiler.process(element.clauses, **options)}, NFKD), '[\u0300-\u036f]', '', 'g')"
    )
    for step in _STEPS:
        text = step.format(text)
    return text


@compiles(FoldedName)
def _call(element: Any, compiler: Any, **options: Any) -> str:
    return f"folded_name({compiler.process(element.clauses, **options)})"


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, _: Any) -> None:
    if "sqlite" in type(connection).__module__:
        connection.create_function("folded_name", 1, lru_cache(maxsize=10_000)(folded), deterministic=True)


def name_begins_with(typed: str) -> ColumnElement[bool] | None:
    """Return the condition that a customer's family or whole name begins as typed; None where no name can."""
    beginnings = {folded(typed), "".join(plain_words(typed))} - {""}
    if not beginnings or _IN_NO_NAME.search(typed):
        return None
    names = (FoldedName(Customer.family_name), FoldedName(Customer.given_name + " " + Customer.family_name))
    return or_(*(name.startswith(beginning, autoescape=True) for name in names for beginning in beginnings))
