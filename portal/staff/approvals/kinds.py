"""The kinds of act that take a second person. Each domain registers its own, and one mechanism serves all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.access.permissions import Permission, Role, roles_with
from portal.bilingual import Label
from portal.staff.approvals.models import Approval

Facts = dict[str, Any]
"""JSON values by field: references, codes, dates, numbers. Never people's data, because approvals are kept as proof."""


@dataclass(frozen=True)
class ApprovalKind:
    """One kind of proposal.

    Attributes:
        code: its name in tables and in the audit trail.
        label: what would be done, in a few words.
        permission: what the role of the second person must carry.
        facts_of: returns the facts of a target as they are now, none when the target is gone. It is called in the
            transaction of the proposal, and again just before `carry_out`, so it may lock what it reads.
        carry_out: does what was proposed, in the transaction of the second person, who is in `decided_by` already
            (None from the shell); raises `CannotCarryOut`.
        describe: returns facts as (label, value) pairs in a language, for the page.
        link: returns where a target can be looked at, when there is such a page.
    """

    code: str
    label: Label
    permission: Permission
    facts_of: Callable[[str], Facts]
    carry_out: Callable[[Approval], None]
    describe: Callable[[Facts, str], list[tuple[str, str]]]
    link: Callable[[str], str] | None = None

    @property
    def roles(self) -> list[Role]:
        """The roles that carry the permission to second."""
        return roles_with(self.permission)


class CannotCarryOut(Exception):
    """What was proposed cannot be done; `words` say why, in the reader's language. Nothing is changed."""

    def __init__(self, words: Any) -> None:
        super().__init__(words)
        self.words = words


_kinds: dict[str, ApprovalKind] = {}


def register(kind: ApprovalKind) -> ApprovalKind:
    """Add a domain's kind and return it; a second one of the same code replaces it."""
    _kinds[kind.code] = kind
    return kind


def kinds() -> dict[str, ApprovalKind]:
    """Return every kind by its code. A proposal of a kind that no domain registers is shown to nobody."""
    return dict(_kinds)
