"""The ledger of disclosures: which recipient learnt what of a person, when, and why (GDPR art. 15(1)(c))."""

from portal.bilingual import LANGUAGES
from portal.infrastructure.database import db
from portal.instructions.models import Disclosure, Instruction
from portal.instructions.targets import OF_RECORDS, is_recipient, kinds_of, target_name


def disclose(customer_id: int, recipient: str, kinds: list[str], count: int, why: str) -> None:
    """Note in the current transaction that data of a person went to a recipient.

    Args:
        count: how many records; none where only their kinds were named.
        why: a code of what it was for.
    """
    name = {language: target_name(recipient, language) for language in LANGUAGES}
    db.session.add(
        Disclosure(customer_id=customer_id, recipient=recipient, name=name, kinds=kinds, count=count, why=why)
    )


def note_disclosed(row: Instruction) -> None:
    """Note what a recipient learns by an instruction; a system of the company is the company itself."""
    if is_recipient(row.target):
        count = sum(len(row.scope.get(part, ())) for part in OF_RECORDS)
        disclose(row.customer_id, row.target, kinds_of(row.scope), count, str(row.operation))
