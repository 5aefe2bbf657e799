"""When the traces of staff end, and why.

The audit trail keeps who proposed and seconded what, by references; the words and the facts of a proposal go.
"""

from sqlalchemy import exists

from portal.bilingual import Label
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared
from portal.staff.approvals.models import Approval
from portal.staff.desk.models import OfficerNotice
from portal.staff.models import StaffDevice, StaffSession, StaffToken

_SECURITY = Label(
    fr="repérer une intrusion (délibération CNIL 2021-122)", en="to notice an intrusion (CNIL, délibération 2021-122)"
)
_PROOF = Label(fr="prouver qui a décidé quoi (article 5, paragraphe 2)", en="proof of who decided what (art. 5(2))")

SESSIONS = Ending(
    code="staff_sessions",
    label=Label(fr="Connexions de l'équipe", en="Sign-ins of staff"),
    source=Rows(StaffSession, age=StaffSession.last_used_at),
    term=Declared("security_log"),
    starts=Label(fr="la dernière activité", en="its last use"),
    ground=_SECURITY,
)
LINKS = Ending(
    code="staff_links",
    label=Label(fr="Liens et codes de l'équipe", en="Links and codes of staff"),
    source=Rows(StaffToken, age=StaffToken.expires_at),
    term=Declared("security_log"),
    starts=Label(fr="la fin du lien", en="the end of the link"),
    ground=_SECURITY,
)
BROWSERS = Ending(
    code="staff_browsers",
    label=Label(fr="Navigateurs connus de l'équipe", en="Known browsers of staff"),
    source=Rows(
        StaffDevice,
        age=StaffDevice.first_seen_at,
        only=lambda over_before: (~exists().where(StaffSession.device_id == StaffDevice.id),),
    ),
    term=Declared("security_log"),
    starts=Label(
        fr="la première visite, une fois toutes ses connexions parties",
        en="the first visit, once all its sign-ins are gone",
    ),
    ground=_SECURITY,
)
NOTICES = Ending(
    code="officer_notices",
    label=Label(
        fr="Accès, rôles et jetons annoncés aux délégués", en="Ways in, roles and tokens that officers were told of"
    ),
    source=Rows(OfficerNotice, age=OfficerNotice.at),
    term=Declared("security_log"),
    starts=Label(fr="l'annonce", en="when they were told"),
    ground=_PROOF,
)
APPROVALS = Ending(
    code="approvals",
    label=Label(fr="Propositions décidées à deux", en="Proposals that two people decided"),
    source=Rows(Approval, age=Approval.decided_at),
    term=Declared("approvals"),
    starts=Label(fr="la décision", en="the decision"),
    ground=_PROOF,
)

declare(
    Part("staff_sessions", frozenset({"staff_sessions"}), Reach.STAFF, (SESSIONS,)),
    Part("staff_tokens", frozenset({"staff_tokens"}), Reach.STAFF, (LINKS,)),
    Part("staff_devices", frozenset({"staff_devices"}), Reach.STAFF, (BROWSERS,)),
    Part("officer_notices", frozenset({"officer_notices"}), Reach.STAFF, (NOTICES,)),
    Part("approvals", frozenset({"approvals"}), Reach.STAFF, (APPROVALS,)),
    Part(
        "staff_members",
        frozenset({"staff_members", "staff_passkeys", "staff_recovery_codes"}),
        Reach.STAFF,
        stays=Label(fr="tant que des décisions renvoient à la personne", en="while decisions refer to the member"),
    ),
)
