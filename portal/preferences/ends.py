"""When proofs of choices, and references of erased people, end, and why."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import keep_rows
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, OwnEnd
from portal.personal_data.keeping.clause import About
from portal.personal_data.own_file import when_file_ends
from portal.preferences.choices.consent import suppress
from portal.preferences.choices.states import forget
from portal.preferences.models import ConsentRecord, PreferenceState, SuppressionReason


def _counts_no_more(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a choice was replaced, or its customer erased; one that counts keeps its proof."""
    newer = aliased(ConsentRecord)
    is_replaced = exists().where(
        newer.customer_id == ConsentRecord.customer_id,
        newer.flag == ConsentRecord.flag,
        newer.effective_at > ConsentRecord.effective_at,
        newer.effective_at < over_before,
    )
    is_erased = exists().where(Customer.id == ConsentRecord.customer_id, Customer.erased_at < over_before)
    return (or_(is_replaced, is_erased),)


def _forget(customer_ids: list[int]) -> None:
    keep_rows(Customer, customer_ids)
    held = select(PreferenceState).where(PreferenceState.customer_id.in_(customer_ids))
    held = held.order_by(PreferenceState.customer_id).with_for_update(key_share=True)
    for state in db.session.execute(held).scalars():
        forget(state)


@when_file_ends
def suppress_them(customer_ids: list[int]) -> None:
    """Let marketing read from now on that nobody may write to these people any more."""
    people = select(Customer).where(Customer.id.in_(customer_ids)).order_by(Customer.id)
    for customer in db.session.execute(people).scalars():
        suppress(customer, SuppressionReason.ERASED)


PROOFS = Ending(
    code="consent_proofs",
    label=Label(fr="Preuves de choix remplacés", en="Proofs of choices that were replaced"),
    source=Rows(
        ConsentRecord, age=ConsentRecord.effective_at, only=_counts_no_more, about=About(ConsentRecord.customer_id)
    ),
    term=Declared("consent_proof"),
    starts=Label(
        fr="le choix qui l'a remplacé, ou l'effacement de la personne",
        en="the choice that replaced it, or the erasure of the person",
    ),
    ground=Label(
        fr="prouver un accord (article 7, paragraphe 1, et article 17, paragraphe 3, point e))",
        en="proof of a consent (art. 7(1), 17(3)(e))",
    ),
)
SUPPRESSIONS = Ending(
    code="suppressions",
    label=Label(
        fr="Références de personnes effacées, dans le flux marketing",
        en="References of erased people in the marketing feed",
    ),
    source=Rows(
        PreferenceState, age=PreferenceState.suppressed_until, key=PreferenceState.customer_id, remove_rows=_forget
    ),
    term=OwnEnd(Label(fr="la fin de la mise à l'écart", en="the end of the suppression")),
    starts=Label(fr="l'effacement : trois ans au moins", en="the erasure: three years at least"),
    ground=Label(
        fr="que plus personne n'écrive à la personne (article 21, paragraphe 3)",
        en="that nobody writes to the person again (art. 21(3))",
    ),
    goes_freely=True,
)

PARTS = declare(
    Part("consent_records", frozenset({"consent_records"}), Reach.CUSTOMER, (PROOFS,)),
    Part("preference_states", frozenset({"preference_states"}), Reach.CUSTOMER, (SUPPRESSIONS,), ends_with="customers"),
    Part("unsubscribe_links", frozenset({"unsubscribe_links"}), Reach.CUSTOMER, ends_with="preference_states"),
)
