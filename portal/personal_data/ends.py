"""When mails and ended keeps end, and why."""

from datetime import timedelta

from portal.bilingual import Label
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, Fixed
from portal.personal_data.keeping.clause import About
from portal.personal_data.keeping.models import Keep
from portal.personal_data.mails import belongs_to_a_file
from portal.personal_data.own_file import EMPTIED_FILES, OWN_FILES

MAILS = Ending(
    code="mails",
    label=Label(fr="E-mails envoyés aux clients", en="E-mails sent to customers"),
    # A mail proves how a request was answered: it goes with the file of the request, and no other outlives such files.
    source=Rows(
        Mail,
        age=Mail.created_at,
        only=lambda over_before: (
            Mail.customer_id.is_not(None),
            Mail.status != MailStatus.WAITING,
            ~belongs_to_a_file(),
        ),
        about=About(Mail.customer_id),
    ),
    term=Declared("request_files"),
    starts=Label(
        fr="son écriture ; celui d'une demande part avec le dossier de la demande",
        en="when it was written; one about a request goes with the file of the request",
    ),
    ground=Label(
        fr="prouver ce qui a été répondu (Code civil, article 2224)",
        en="proof of what was answered (Code civil art. 2224)",
    ),
)
MAILS_TO_STRANGERS = Ending(
    code="mails_to_strangers",
    label=Label(fr="E-mails à une adresse non prouvée", en="E-mails to an unproven address"),
    source=Rows(
        Mail,
        age=Mail.created_at,
        only=lambda over_before: (Mail.customer_id.is_(None), Mail.status != MailStatus.WAITING),
    ),
    term=Fixed(timedelta(days=30), Label(fr="30 jours", en="30 days")),
    starts=Label(fr="son écriture", en="when it was written"),
    ground=Label(
        fr="personne n'en a plus besoin une fois son lien passé (RGPD, article 5, paragraphe 1, point e))",
        en="nobody needs it once its link is over (GDPR art. 5(1)(e))",
    ),
    goes_freely=True,
)
ENDED_KEEPS = Ending(
    code="ended_keeps",
    label=Label(fr="Motifs de conservation levés", en="Reasons for keeping that have ended"),
    source=Rows(Keep, age=Keep.ended_at),
    term=Declared("request_files"),
    starts=Label(fr="sa levée", en="when it ended"),
    ground=Label(
        fr="prouver pourquoi une donnée est restée (article 5, paragraphe 2)",
        en="proof of why something stayed (art. 5(2))",
    ),
)

PARTS = declare(
    Part("mails", frozenset({"mails"}), Reach.ADDRESS, (MAILS, MAILS_TO_STRANGERS)),
    Part("keeps", frozenset({"keeps"}), Reach.CUSTOMER, (ENDED_KEEPS,), ends_with="customers"),
    Part("customers", frozenset({"customers"}), Reach.CUSTOMER, (OWN_FILES, EMPTIED_FILES)),
)
