"""When corrections and statements end, and what an erasure leaves of them."""

from portal.bilingual import Label
from portal.personal_data.corrections.models import Correction, ValueStatement
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows as ExpiringRows
from portal.personal_data.expiry.terms import Declared

ENDED_STATEMENTS = Ending(
    code="ended_statements",
    label=Label(fr="Déclarations retirées", en="Statements that were withdrawn"),
    source=ExpiringRows(ValueStatement, age=ValueStatement.ended_at),
    term=Declared("request_files"),
    starts=Label(fr="le retrait", en="when it was withdrawn"),
    ground=Label(fr="prouver la réponse (Code civil, article 2224)", en="proof of the answer (Code civil art. 2224)"),
)

PARTS = declare(
    Part("corrections", frozenset({"corrections"}), Reach.REQUEST, ends_with="request_files"),
    Part("statements", frozenset({"statements"}), Reach.CUSTOMER, (ENDED_STATEMENTS,)),
)

_VALUES = Rows(
    Correction, lambda customer_id: Correction.customer_id == customer_id, emptied={"held": {}, "proposed": {}}
)
erases("corrections", OwnPart("corrections", ROWS, (_VALUES,)))
erases(
    "statements",
    OwnPart("statements", ROWS, (Rows(ValueStatement, lambda customer_id: ValueStatement.customer_id == customer_id),)),
)
becomes(
    "corrections",
    Becoming(
        Label(fr="champ, résultat, dates, avec le dossier ; valeurs vidées",
              en="field, result, times, with the file; values emptied"),
        Label(fr="article 17, paragraphe 3, point e)", en="art. 17(3)(e)"),
        {
            "corrections": frozenset(
                {"part", "kind", "external_id", "field", "result", "decided_by", "applied_at", "released_at"}
            )
        },
    ),
)  # fmt: skip
deleted("statements")
