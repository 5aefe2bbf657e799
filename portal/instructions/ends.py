"""When instructions and disclosures end, and what an erasure leaves of them."""

from sqlalchemy import ColumnElement

from portal.bilingual import Label
from portal.instructions.models import CLOSED_STATES, Disclosure, Instruction
from portal.personal_data.erasure.becoming import Becoming, becomes
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows as ExpiringRows
from portal.personal_data.expiry.terms import Declared

DISCLOSURES = Ending(
    code="disclosures",
    label=Label(fr="Communications à des destinataires", en="Disclosures to recipients"),
    source=ExpiringRows(Disclosure, age=Disclosure.at),
    term=Declared("request_files"),
    starts=Label(fr="la communication", en="when it was disclosed"),
    ground=Label(
        fr="dire à qui les données sont allées (article 15, paragraphe 1, point c), et article 19)",
        en="telling to whom the data went (art. 15(1)(c), art. 19)",
    ),
)

PARTS = declare(
    Part("instructions", frozenset({"instructions"}), Reach.REQUEST, ends_with="request_files"),
    Part("disclosures", frozenset({"disclosures"}), Reach.CUSTOMER, (DISCLOSURES,)),
)


def _is_settled(customer_id: int) -> ColumnElement[bool]:
    """Return what the erasure empties: not what it has itself just asked of others."""
    return (Instruction.customer_id == customer_id) & Instruction.state.in_(list(CLOSED_STATES))


_ORDERS = Rows(Instruction, _is_settled, emptied={"words": ""})
erases("instructions", OwnPart("instructions", ROWS, (_ORDERS,)))
becomes(
    "instructions",
    Becoming(
        Label(fr="qui, quoi, état, dates, avec le dossier ; mots d'avant vidés",
              en="who, what, state, times, with the file; earlier words emptied"),
        Label(fr="article 5, paragraphe 2, et article 19", en="art. 5(2), 19"),
        {
            "instructions": frozenset(
                {
                    "public_id", "target", "operation", "purpose", "scope", "channel", "state", "attempts", "reminders",
                    "created_at", "next_at", "sent_at", "acknowledged_at", "acknowledged_by", "exemption", "token_hash",
                    "words",
                }
            )
        },
    ),
)  # fmt: skip
becomes(
    "disclosures",
    Becoming(
        Label(fr="destinataire, sortes, nombre, date : 5 ans", en="recipient, kinds, count, time: 5 years"),
        Label(fr="article 5, paragraphe 2, et article 19", en="art. 5(2), 19"),
        {"disclosures": frozenset({"recipient", "kinds", "count", "at", "why"})},
    ),
)
