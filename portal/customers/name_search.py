"""Find names in the database as `portal.customers.names` folds them, without a second copy of every name.

SQLite calls the folding itself. PostgreSQL knows normal forms and regular expressions, and spells it out: letters of
Latin script fold alike on both.
"""

import unicodedata
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, String, event, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.customers.models import Customer
from portal.customers.names import folded, plain_words
from portal.infrastructure.plain_letters import SPELT

_SINGLE: Final = "".join(sign for sign in map(chr, SPELT) if len(SPELT[ord(sign)]) == 1)
_SEVERAL: Final = {sign: SPELT[ord(sign)].lower() for sign in map(chr, SPELT) if len(SPELT[ord(sign)]) > 1}


def _taken_apart(text: str) -> str:
    """Return an SQL expression with each Latin letter of `SPELT` that a text has in plain ones."""
    for sign, letters in _SEVERAL.items():
        text = f"replace({text}, '{sign}', '{letters}')"
    return f"translate({text}, '{_SINGLE}', '{_SINGLE.translate(SPELT)}')"


_UNHEARD: Final = (
    r"[:space:][:punct:]\u00A0\u00AD\u00B4\u0060\u02B0-\u02FF\u200B-\u200F\u2010-\u2037\u2060\uA788-\uA78C\u2212"
)
# What PostgreSQL changes, step by step, after taking the accents off.
_STEPS: Final = (
    r"lower({})",
    r"regexp_replace({}, '\mst([eao]?)\M', 'saint\1', 'g')",
    r"regexp_replace({}, '\msaint([ao])\M', 'sant\1', 'g')",
    r"regexp_replace({}, '\mmc(?=\w\w\w)', 'mac', 'g')",
    rf"regexp_replace({{}}, '[{_UNHEARD}]+', '', 'g')",
)


def _stands_in_a_name(sign: str) -> bool:
    """Tell whether a sign may stand in a name. Whoever types another means no name, and least of all a pattern."""
    category = unicodedata.category(sign)
    return category[0] in "LM" or category in {"Nd", "Cf", "Pd", "Zs"} or sign in _IN_NAMES


# Apostrophes and what people type for one, hyphens that Unicode counts elsewhere, and what joins or cuts short a name.
_IN_NAMES: Final = "'’‘‛`´′‵＇｀՚❛❜.,·‧/()−⁃&º°"


class FoldedName(FunctionElement[str]):
    """A name in the database, folded to one word."""

    type = String()
    name = "folded_name"
    inherit_cache = True


@compiles(FoldedName, "postgresql")
def _spell_out(element: Any, compiler: Any, **options: Any) -> str:
    named = _taken_apart(compiler.process(element.clauses, **options))
    text = _taken_apart(rf"regexp_replace(normalize({named}, NFKD), '[\u0300-\u036f]', '', 'g')")
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
    if not beginnings or not all(map(_stands_in_a_name, typed)):
        return None
    names = (FoldedName(Customer.family_name), FoldedName(Customer.given_name + " " + Customer.family_name))
    return or_(*(name.startswith(beginning, autoescape=True) for name in names for beginning in beginnings))
