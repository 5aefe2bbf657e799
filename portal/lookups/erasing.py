"""What an erasure leaves of looks at a customer's file: who by team, what and when, without the typed reasons."""

from portal.bilingual import Label
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases

_LOG = Rows(
    AccessLogEntry,
    lambda customer_id: AccessLogEntry.customer_id == customer_id,
    emptied={"reason": "", "request_reference": None},
)

erases("lookups", OwnPart("lookups", ROWS, (Rows(CustomerLookup, lambda one: CustomerLookup.customer_id == one),)))
erases("access_log", OwnPart("access_log", ROWS, (_LOG,)))
deleted("lookups")
becomes(
    "access_log",
    Becoming(
        Label(
            fr="équipe, catégorie, raison légale, instant : 3 ans ; motif vidé",
            en="team, category, legal reason, time: 3 years; reason emptied",
        ),
        Label(fr="article 5, paragraphe 2, et article 32", en="art. 5(2), 32"),
        {"access_log_entries": frozenset({"staff_id", "team", "at", "category", "use_reason"})},
    ),
)
