"""When stops of uses and their weighings end, and what an erasure leaves of them."""

from portal.bilingual import Label
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Part, Reach
from portal.personal_data.stops.models import PurposeStop, Weighing

PARTS = declare(
    Part(
        "purpose_stops",
        frozenset({"purpose_stops"}),
        Reach.CUSTOMER,
        stays=Label(fr="tant que la personne s'y oppose", en="as long as the person objects"),
    ),
    Part("weighings", frozenset({"weighings"}), Reach.REQUEST, ends_with="request_files"),
)

_WORDS = dict.fromkeys(("interest", "necessity", "grounds", "safeguards", "summary"), "")
erases(
    "purpose_stops",
    OwnPart("purpose_stops", ROWS, (Rows(PurposeStop, lambda customer_id: PurposeStop.customer_id == customer_id),)),
)
erases(
    "weighings",
    OwnPart("weighings", ROWS, (Rows(Weighing, lambda customer_id: Weighing.customer_id == customer_id, _WORDS),)),
)
deleted("purpose_stops")
becomes(
    "weighings",
    Becoming(
        Label(fr="usage, résultat, auteurs, date, avec le dossier ; mots vidés",
              en="use, result, authors, time, with the file; words emptied"),
        Label(fr="article 17, paragraphe 3, point e)", en="art. 17(3)(e)"),
        {"weighings": frozenset({"purpose", "result", "author_id", "officer_id", "made_at"})},
    ),
)  # fmt: skip
