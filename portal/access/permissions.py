"""Who among staff may do what: the whole policy on one page."""

from enum import StrEnum


class Role(StrEnum):
    SUPPORT = "support"
    """Answers customers, takes in requests that came by another channel, looks customers up with a reason."""
    REVIEWER = "reviewer"
    """Checks identity documents, decides and answers requests."""
    OFFICER = "officer"
    """The privacy officer (DPO): everything about requests, and the second opinion on refusals and erasures."""
    MARKETING = "marketing"
    """Reads preference flags and totals, never other data."""
    ADMINISTRATOR = "administrator"
    """Manages staff members and tokens, never customers' data."""


class Permission(StrEnum):
    SEE_QUEUE = "see_queue"
    CLAIM_REQUEST = "claim_request"
    SEE_REQUEST = "see_request"
    SEE_DOCUMENT = "see_document"
    CHECK_IDENTITY = "check_identity"
    DECIDE_REQUEST = "decide_request"
    GIVE_SECOND_OPINION = "give_second_opinion"
    TAKE_IN_REQUEST = "take_in_request"
    LOOK_UP_CUSTOMER = "look_up_customer"
    SWITCH_OFF_PREFERENCE = "switch_off_preference"
    SEE_MARKETING = "see_marketing"
    SEE_FIGURES = "see_figures"
    MANAGE_STAFF = "manage_staff"
    MANAGE_TOKENS = "manage_tokens"


_CASE_WORK = {
    Permission.SEE_QUEUE,
    Permission.CLAIM_REQUEST,
    Permission.SEE_REQUEST,
    Permission.TAKE_IN_REQUEST,
    Permission.LOOK_UP_CUSTOMER,
    Permission.SWITCH_OFF_PREFERENCE,
}
_REVIEW = _CASE_WORK | {Permission.SEE_DOCUMENT, Permission.CHECK_IDENTITY, Permission.DECIDE_REQUEST}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SUPPORT: frozenset(_CASE_WORK),
    Role.REVIEWER: frozenset(_REVIEW),
    Role.OFFICER: frozenset(
        _REVIEW | {Permission.GIVE_SECOND_OPINION, Permission.SEE_MARKETING, Permission.SEE_FIGURES}
    ),
    Role.MARKETING: frozenset({Permission.SEE_MARKETING}),
    Role.ADMINISTRATOR: frozenset({Permission.MANAGE_STAFF, Permission.MANAGE_TOKENS}),
}


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role carries a permission."""
    return permission in PERMISSIONS[role]
