"""When lifted legal holds end, and why."""

from portal.bilingual import Label
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared
from portal.personal_data.holds.models import LegalHold

LIFTED_HOLDS = Ending(
    code="lifted_holds",
    label=Label(fr="Conservations forcées levées", en="Legal holds that were lifted"),
    source=Rows(LegalHold, age=LegalHold.ended_at),
    term=Declared("request_files"),
    starts=Label(fr="la levée", en="when it was lifted"),
    ground=Label(
        fr="prouver pourquoi une donnée est restée (article 5, paragraphe 2)",
        en="proof of why something stayed (art. 5(2))",
    ),
)

PARTS = declare(Part("legal_holds", frozenset({"legal_holds"}), Reach.CUSTOMER, (LIFTED_HOLDS,)))
