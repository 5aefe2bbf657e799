"""When records in the archive end, and why."""

from portal.bilingual import Label
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import OwnEnd
from portal.personal_data.keeping.clause import About
from portal.records.archive.models import ArchivedRecord
from portal.records.archive.moving import remove_archived

ARCHIVED = Ending(
    code="archived_records",
    label=Label(fr="Données en archive", en="Records in the archive"),
    source=Rows(
        ArchivedRecord,
        age=ArchivedRecord.expires_on,
        about=About(
            ArchivedRecord.customer_id, ArchivedRecord.category, ArchivedRecord.kind, ArchivedRecord.external_id
        ),
        remove_rows=remove_archived,
    ),
    term=OwnEnd(Label(fr="le dernier jour de chaque donnée", en="the last day of each record")),
    starts=Label(
        fr="ce que dit la règle de son type dans la cartographie",
        en="what the rule of its kind says in the data map",
    ),
    ground=Label(fr="la référence légale de chaque type", en="the legal reference of each kind"),
)

PARTS = declare(
    Part("archived_records", frozenset({"archived_records"}), Reach.CUSTOMER, (ARCHIVED,)),
    Part("archive_counts", frozenset({"archive_counts"}), Reach.CUSTOMER, ends_with="customers"),
)
