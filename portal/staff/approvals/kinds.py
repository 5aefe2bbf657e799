"""The kinds of act that take a second person. Each domain registers its own, and one mechanism serves all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.staff.approvals.models import Approval
from portal.staff.desk.notices import Told

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
        names_of: returns targets in words, as far as they are there; the page shows the others as they are.
        concerns: returns the public id of the member whom a target is, who does not second what concerns themselves.
        told: returns what the officers are told once it is carried out; None leaves the telling to the shell's use.
        drop: clears away what was made ready for the proposal, when it is declined or ends.
    """

    code: str
    label: Label
    permission: Permission
    facts_of: Callable[[str], Facts]
    carry_out: Callable[[Approval], None]
    describe: Callable[[Facts, str], list[tuple[str, str]]]
    link: Callable[[str], str] | None = None
    names_of: Callable[[list[str]], dict[str, str]] = lambda _targets: {}
    concerns: Callable[[str], str | None] = lambda _target: None
    told: Callable[[Approval], Told] | None = None
    drop: Callable[[Approval], None] = lambda _approval: None


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
