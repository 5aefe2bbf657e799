"""What an erasure leaves of choices: the proof of each, bare, and the reference that no system may write to again."""

from sqlalchemy import exists, select

from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.checking.invariants import invariant
from portal.personal_data.erasure.listeners import on_seal
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.erasure.scope import Scope
from portal.preferences.choices.consent import suppress
from portal.preferences.models import ConsentRecord, PreferenceState, SuppressionReason, UnsubscribeLink

_PROOFS = Rows(
    ConsentRecord,
    lambda customer_id: ConsentRecord.customer_id == customer_id,
    emptied={"source": None, "wording": "", "language": "", "staff_id": None},
)
_LINKS = Rows(UnsubscribeLink, lambda customer_id: UnsubscribeLink.customer_id == customer_id)

erases("consent_records", OwnPart("consent_records", ROWS, (_PROOFS,)))
erases("unsubscribe_links", OwnPart("unsubscribe_links", ROWS, (_LINKS,)))
deleted("unsubscribe_links")
becomes(
    "consent_records",
    Becoming(
        Label(
            fr="choix, réponse, instant, version : 5 ans ; le reste vidé",
            en="choice, answer, time, version: 5 years; the rest emptied",
        ),
        Label(fr="article 7, paragraphe 1", en="art. 7(1)"),
        {
            "consent_records": frozenset(
                {"flag", "is_given", "effective_at", "recorded_at", "wording_version", "origin"}
            )
        },
    ),
)
becomes(
    "preference_states",
    Becoming(
        Label(fr="référence, tout désactivé, « effacée » : 3 ans", en="reference, everything off, “erased”: 3 years"),
        Label(fr="article 21, paragraphe 3", en="art. 21(3)"),
        {
            "preference_states": frozenset(
                {
                    "reference",
                    "flags",
                    "is_suppressed",
                    "reason",
                    "sequence",
                    "updated_at",
                    "suppressed_until",
                    "version",
                }
            )
        },
    ),
)


@on_seal
def suppress_erased(erasure: Erasure) -> None:
    """Let marketing read, in the transaction of the seal, that the person is erased. A partial one touches no flag."""
    if Scope.read(erasure.scope).is_whole:
        suppress(db.session.get_one(Customer, erasure.customer_id), SuppressionReason.ERASED)
        db.session.get_one(PreferenceState, erasure.customer_id).lapses_on = None


MOST = 50


@invariant("I4")
def is_suppressed_just_where_erased() -> list[str]:
    """Return who is erased and not suppressed so, and who is suppressed so and not erased."""
    erased = Customer.status == CustomerStatus.ERASED
    reads = exists().where(PreferenceState.customer_id == Customer.id, PreferenceState.reason == "erased")
    has_row = exists().where(PreferenceState.customer_id == Customer.id)
    wrong = (erased & has_row & ~reads) | (~erased & reads)
    return [
        f"{each} in the feed"
        for each in db.session.execute(select(Customer.public_id).where(wrong).limit(MOST)).scalars()
    ]
