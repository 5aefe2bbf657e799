"""Who among staff may do what: the whole policy on one page."""

from enum import StrEnum

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l


class Role(StrEnum):
    SUPPORT = "support"
    """Answers customers, takes in requests that came by another channel, looks customers up with a reason."""
    REVIEWER = "reviewer"
    """Checks identity documents, decides requests, and gives the second opinion on a colleague's decision."""
    OFFICER = "officer"
    """The privacy officer (DPO): everything about requests, and what the company has to prove."""
    MARKETING = "marketing"
    """Reads preference flags and totals, never other data."""
    ADMINISTRATOR = "administrator"
    """Manages staff members and tokens, never customers' data."""

    @property
    def label(self) -> str:
        """The role as staff read it, in the reader's language."""
        return str(_ROLE_LABELS[self])

    def label_in(self, language: str) -> str:
        """Return the role as it is called in a language, for a mail."""
        with force_locale(language):
            return self.label


class Permission(StrEnum):
    SEE_QUEUE = "see_queue"
    """Open the queue and the list of one's own cases."""
    CLAIM_REQUEST = "claim_request"
    """Claim a request, and release it."""
    SEE_REQUEST = "see_request"
    """Open a request with its messages."""
    SEE_DOCUMENT = "see_document"
    """Look at the picture of an identity document."""
    CHECK_IDENTITY = "check_identity"
    """Confirm or doubt an identity, and ask for a document."""
    LIFT_DOUBT = "lift_doubt"
    """Propose to lift a doubt about who asks by a written reason, which a second person must agree to."""
    DECIDE_REQUEST = "decide_request"
    """Approve, refuse, extend or answer a request."""
    SEE_DESK = "see_desk"
    """Open the desk: what waits for the privacy officer, by duty."""
    GIVE_SECOND_OPINION = "give_second_opinion"
    """Agree or disagree with a colleague's refusal or erasure, never with one's own."""
    SECOND_PROVEN_GROUND = "second_proven_ground"
    """Agree or disagree where the company must prove the ground of a refusal."""
    TAKE_IN_REQUEST = "take_in_request"
    """Enter a request that came by telephone, letter, e-mail or social network."""
    LOOK_UP_CUSTOMER = "look_up_customer"
    """Open a customer's file with a stated reason, which the customer reads."""
    OPEN_ARCHIVE = "open_archive"
    """Open what lies in the archive about a customer, on one of five grounds, which the customer reads."""
    PLACE_HOLD = "place_hold"
    """Place a legal hold, look at it again, and second that one is lifted."""
    WORK_INSTRUCTIONS = "work_instructions"
    """See to what systems and recipients have to do after a decision, and note that it is done."""
    EXEMPT_INSTRUCTION = "exempt_instruction"
    """Say why a system or recipient need not do it, which the customer reads."""
    LIFT_RESTRICTION = "lift_restriction"
    """Tell people of their restrictions, announce that one will be lifted, and lift or keep it."""
    SWITCH_OFF_PREFERENCE = "switch_off_preference"
    """Record that a customer wants no more messages; never that they want some."""
    SEE_MARKETING = "see_marketing"
    """Read preference flags, totals and exports."""
    SEE_FIGURES = "see_figures"
    """Read the figures on requests and time limits."""
    WATCH_READING = "watch_reading"
    """Look into alerts on members who read unusually much; never at what they read."""
    WATCH_DOCUMENT_STORE = "watch_document_store"
    """See whether stored identity documents and their rows agree; never a document."""
    MANAGE_STAFF = "manage_staff"
    """Invite staff members, change their role, end their access."""
    MANAGE_TOKENS = "manage_tokens"
    """Create and revoke the tokens of machines."""

    @property
    def label(self) -> str:
        """What the permission lets a person do, in the reader's language."""
        return str(_PERMISSION_LABELS[self])


_CASE_WORK = {
    Permission.SEE_QUEUE,
    Permission.CLAIM_REQUEST,
    Permission.SEE_REQUEST,
    Permission.TAKE_IN_REQUEST,
    Permission.LOOK_UP_CUSTOMER,
    Permission.WORK_INSTRUCTIONS,
    Permission.SWITCH_OFF_PREFERENCE,
}
_REVIEW = _CASE_WORK | {
    Permission.SEE_DOCUMENT,
    Permission.CHECK_IDENTITY,
    Permission.DECIDE_REQUEST,
    Permission.GIVE_SECOND_OPINION,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SUPPORT: frozenset(_CASE_WORK),
    Role.REVIEWER: frozenset(_REVIEW),
    Role.OFFICER: frozenset(
        _REVIEW
        | {
            Permission.SEE_DESK,
            Permission.OPEN_ARCHIVE,
            Permission.PLACE_HOLD,
            Permission.EXEMPT_INSTRUCTION,
            Permission.LIFT_RESTRICTION,
            Permission.LIFT_DOUBT,
            Permission.SECOND_PROVEN_GROUND,
            Permission.SEE_MARKETING,
            Permission.SEE_FIGURES,
            Permission.WATCH_READING,
            Permission.WATCH_DOCUMENT_STORE,
        }
    ),
    Role.MARKETING: frozenset({Permission.SEE_MARKETING}),
    Role.ADMINISTRATOR: frozenset({Permission.MANAGE_STAFF, Permission.MANAGE_TOKENS, Permission.WATCH_DOCUMENT_STORE}),
}


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role carries a permission."""
    return permission in PERMISSIONS[role]


def roles_with(permission: Permission) -> list[Role]:
    """Return the roles that carry a permission."""
    return [role for role in Role if may(role, permission)]


_ROLE_LABELS = {
    Role.SUPPORT: _l("Support"),
    Role.REVIEWER: _l("Reviewer"),
    Role.OFFICER: _l("Privacy officer"),
    Role.MARKETING: _l("Marketing"),
    Role.ADMINISTRATOR: _l("Administrator"),
}

_PERMISSION_LABELS = {
    Permission.SEE_QUEUE: _l("Open the queue and one’s own cases"),
    Permission.CLAIM_REQUEST: _l("Claim a request and give it back"),
    Permission.SEE_REQUEST: _l("Open a request and its messages"),
    Permission.SEE_DOCUMENT: _l("Look at an identity document"),
    Permission.CHECK_IDENTITY: _l("Check an identity and ask for a document"),
    Permission.LIFT_DOUBT: _l("Propose to lift a doubt about who asks, by a written reason"),
    Permission.DECIDE_REQUEST: _l("Decide and answer a request"),
    Permission.SEE_DESK: _l("Open the officer’s desk"),
    Permission.GIVE_SECOND_OPINION: _l("Give the second opinion on a refusal or an erasure"),
    Permission.SECOND_PROVEN_GROUND: _l("Give the second opinion where the company must prove the ground"),
    Permission.TAKE_IN_REQUEST: _l("Enter a request that came by another way"),
    Permission.LOOK_UP_CUSTOMER: _l("Open a customer’s file, with a stated reason"),
    Permission.OPEN_ARCHIVE: _l("Open what lies in the archive about a customer"),
    Permission.PLACE_HOLD: _l("Place a legal hold, and second that one is lifted"),
    Permission.WORK_INSTRUCTIONS: _l("See that systems follow a decision"),
    Permission.EXEMPT_INSTRUCTION: _l("Say why a system need not follow a decision"),
    Permission.LIFT_RESTRICTION: _l("Announce that a restriction will be lifted, and lift it"),
    Permission.SWITCH_OFF_PREFERENCE: _l("Stop messages at a customer’s request"),
    Permission.SEE_MARKETING: _l("Read preferences, totals and exports"),
    Permission.SEE_FIGURES: _l("Read the figures"),
    Permission.WATCH_READING: _l("Look into alerts on unusual reading"),
    Permission.WATCH_DOCUMENT_STORE: _l("Watch over stored identity documents, without seeing any"),
    Permission.MANAGE_STAFF: _l("Manage staff members"),
    Permission.MANAGE_TOKENS: _l("Manage tokens"),
}
