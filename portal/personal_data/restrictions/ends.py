"""When lifted restrictions end, and what an erasure leaves of them."""

from portal.bilingual import Label
from portal.personal_data.erasure.becoming import Becoming, becomes
from portal.personal_data.erasure.listeners import on_seal
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows as ExpiringRows
from portal.personal_data.expiry.terms import Declared
from portal.personal_data.restrictions.locking import LiftCause, end
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import open_restrictions

LIFTED_RESTRICTIONS = Ending(
    code="lifted_restrictions",
    label=Label(fr="Limitations levées", en="Restrictions that were lifted"),
    source=ExpiringRows(Restriction, age=Restriction.lifted_at),
    term=Declared("request_files"),
    starts=Label(fr="la levée", en="when it was lifted"),
    ground=Label(fr="prouver la réponse (Code civil, article 2224)", en="proof of the answer (Code civil art. 2224)"),
)

PARTS = declare(Part("restrictions", frozenset({"restrictions"}), Reach.CUSTOMER, (LIFTED_RESTRICTIONS,)))


@on_seal
def end_with_the_file(erasure: Erasure) -> None:
    """End the restrictions of somebody who is erased: what the law keeps of them goes by its own time again."""
    for restriction in open_restrictions(erasure.customer_id) if Scope.read(erasure.scope).is_whole else ():
        end(restriction, LiftCause.ERASED)


_REPLIES = Rows(Restriction, lambda customer_id: Restriction.customer_id == customer_id, emptied={"reply": ""})
erases("restrictions", OwnPart("restrictions", ROWS, (_REPLIES,)))
becomes(
    "restrictions",
    Becoming(
        Label(fr="motif, étendue, dates : 5 ans ; réponse vidée", en="ground, extent, times: 5 years; reply emptied"),
        Label(fr="article 17, paragraphe 3, point e)", en="art. 17(3)(e)"),
        {
            "restrictions": frozenset(
                {
                    "public_id", "ground_18", "categories", "is_provisional", "since", "told_at", "notice_at",
                    "lifts_on", "halted_at", "lifted_at", "lifted_by", "lift_cause",
                }
            )
        },
    ),
)  # fmt: skip
