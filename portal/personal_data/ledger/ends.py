"""How long lines of the ledger stay in the database."""

from portal.bilingual import Label
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Part, Reach
from portal.personal_data.ledger.models import LedgerEntry

PARTS = declare(
    Part(
        "ledger",
        frozenset({LedgerEntry.__tablename__}),
        Reach.NOBODY,
        stays=Label(
            fr="une sauvegarde restaurée est comparée avec lui ; il ne nomme personne",
            en="a restored backup is compared with it; it names nobody",
        ),
    )
)
