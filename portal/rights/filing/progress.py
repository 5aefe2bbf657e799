"""How far a draft has come: which steps it has for this person, and which is the first that is missing."""

from dataclasses import dataclass
from enum import StrEnum

from portal import clock
from portal.accounts.models import Account, AccountSession
from portal.identity_checks.proof.doubts import LIGHT_PROOF_LASTS, assess
from portal.identity_checks.proof.policy import DoubtSignal, IdentityDecision
from portal.identity_checks.queries import Given, given
from portal.rights.intents import Intent
from portal.rights.models import RequestDraft


class DraftStep(StrEnum):
    """A page of the filing of a request."""

    DETAILS = "details"
    "What exactly is asked for."
    IDENTITY = "identity"
    "Who is asking, where there is a doubt."
    CHECK = "check"
    "Everything once more, and the button that sends."


@dataclass(frozen=True)
class Progress:
    """Where a draft stands for the person and session that look at it; `lifted` are the doubts that a code lifted."""

    steps: tuple[DraftStep, ...]
    missing: DraftStep
    decision: IdentityDecision
    given: Given
    lifted: frozenset[DoubtSignal]

    def number(self, step: DraftStep) -> int:
        """Return the number, from 1, under which a step is shown."""
        return self.steps.index(step) + 1


def progress_of(draft: RequestDraft, account: Account, session: AccountSession) -> Progress:
    """Return how far a draft has come. It has an identity step only when there is, or was, a doubt."""
    lifted = _lifted(draft, session)
    decision = assess(
        draft.right,
        account,
        session,
        rectifies_identity=draft.asked.rectifies_identity,
        lifted=lifted,
    )
    documents = given(draft_id=draft.id)
    needs_step = decision.wants_proof or bool(lifted)
    steps = tuple(step for step in DraftStep if step is not DraftStep.IDENTITY or needs_step)
    if draft.described_at is None:
        missing = DraftStep.DETAILS
    elif decision.wants_proof and not documents.is_complete and not draft.is_document_later:
        missing = DraftStep.IDENTITY
    else:
        missing = DraftStep.CHECK
    return Progress(steps, missing, decision, documents, lifted)


def steps_ahead(intent: Intent, account: Account, session: AccountSession) -> int | None:
    """Return how many steps a request that is not begun will have; None where what the person writes decides it."""
    needed = {
        assess(intent.right, account, session, rectifies_identity=rectifies).wants_proof
        for rectifies in ((False, True) if intent is Intent.CORRECT else (False,))
    }
    return None if len(needed) > 1 else len(DraftStep) if needed.pop() else len(DraftStep) - 1


def _lifted(draft: RequestDraft, session: AccountSession) -> frozenset[DoubtSignal]:
    """Return the doubts that a code has lifted within the hour in this session."""
    proven_at = draft.identity_proven_at
    is_recent = proven_at is not None and clock.now() - proven_at <= LIGHT_PROOF_LASTS
    is_good = is_recent and draft.identity_proven_in == session.id
    return frozenset(DoubtSignal(code) for code in draft.identity_lifted) if is_good else frozenset()
