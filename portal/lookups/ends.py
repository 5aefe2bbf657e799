"""When looks at customers' files, and what is counted of them, end, and why."""

from portal.bilingual import Label
from portal.lookups.models import AccessLogEntry, CustomerLookup, ReadingAlert, ReadingHour, WholeBaseLook
from portal.lookups.watching.counting import COUNTS_KEPT
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, Fixed
from portal.personal_data.keeping.clause import About

_LOOKED = Label(fr="la consultation", en="the look")
_CONTROL = Label(
    fr="que la personne la voie et que nous la contrôlions (article 5, paragraphe 2, et article 32)",
    en="that the person sees it and we can check it (art. 5(2), 32)",
)

ACCESS_LOG = Ending(
    code="access_log",
    label=Label(fr="Journal des consultations", en="Access log"),
    source=Rows(AccessLogEntry, age=AccessLogEntry.at, about=About(AccessLogEntry.customer_id)),
    term=Declared("access_log"),
    starts=_LOOKED,
    ground=_CONTROL,
)
LOOKUPS = Ending(
    code="lookups",
    label=Label(fr="Motifs d'ouverture de fiches", en="Reasons for opening files"),
    source=Rows(CustomerLookup, age=CustomerLookup.at, about=About(CustomerLookup.customer_id)),
    term=Declared("access_log"),
    starts=_LOOKED,
    ground=_CONTROL,
)
WHOLE_BASE_LOOKS = Ending(
    code="whole_base_looks",
    label=Label(fr="Fichiers de tous les clients pris par l'équipe", en="Files of all customers that staff took"),
    source=Rows(WholeBaseLook, age=WholeBaseLook.at),
    term=Declared("access_log"),
    starts=_LOOKED,
    ground=_CONTROL,
)
READING_HOURS = Ending(
    code="reading_hours",
    label=Label(fr="Nombre de fiches lues par heure", en="Files read by the hour"),
    source=Rows(ReadingHour, age=ReadingHour.hour, key=ReadingHour.hour),
    term=Fixed(COUNTS_KEPT, Label(fr=f"{COUNTS_KEPT.days} jours", en=f"{COUNTS_KEPT.days} days")),
    starts=Label(fr="l'heure comptée", en="the hour"),
    ground=Label(fr="savoir ce qui est habituel, et rien de plus", en="to know what is usual, and no more"),
)
ALERTS = Ending(
    code="reading_alerts",
    label=Label(fr="Alertes de lecture closes", en="Closed alerts about reading"),
    source=Rows(
        ReadingAlert, age=ReadingAlert.raised_at, only=lambda over_before: (ReadingAlert.closed_at.is_not(None),)
    ),
    term=Declared("access_log"),
    starts=Label(fr="l'alerte, une fois close", en="the alert, once it is closed"),
    ground=_CONTROL,
)

PARTS = declare(
    Part("access_log", frozenset({"access_log_entries"}), Reach.CUSTOMER, (ACCESS_LOG,)),
    Part("lookups", frozenset({"customer_lookups"}), Reach.CUSTOMER, (LOOKUPS,)),
)
declare(
    Part("whole_base_looks", frozenset({"whole_base_looks"}), Reach.STAFF, (WHOLE_BASE_LOOKS,)),
    Part("reading", frozenset({"reading_hours", "reading_alerts"}), Reach.STAFF, (READING_HOURS, ALERTS)),
)
