"""What an erasure leaves of letters: that one left, how and when, without where it went."""

from portal.bilingual import Label
from portal.letters.models import Dispatch
from portal.personal_data.erasure.becoming import Becoming, becomes
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases

_SENDINGS = Rows(
    Dispatch,
    lambda customer_id: Dispatch.customer_id == customer_id,
    emptied={"sealed_address": None, "relay_answer": "", "proof": "", "message_id": None},
)

erases("dispatches", OwnPart("dispatches", ROWS, (_SENDINGS,)))
becomes(
    "dispatches",
    Becoming(
        Label(fr="lettre, canal, date, empreinte ; adresse vidée", en="letter, channel, time, hash; address emptied"),
        Label(fr="article 5, paragraphe 2", en="art. 5(2)"),
        {
            "dispatches": frozenset(
                {
                    "public_id", "letter_code", "template_version", "requester_id", "subject_kind", "subject_id",
                    "channel", "language", "sha256", "state", "at", "by",
                }
            )
        },
    ),
)  # fmt: skip
