"""What the policy may say of recipients, transfers and decisions by a machine: each sentence with what is behind it."""

from dataclasses import dataclass
from typing import Self

from portal.organisation import Organisation, Recipient
from portal.personal_data.recipients import say_missing_name, say_where
from portal.personal_data.sentences import say_automated


@dataclass(frozen=True)
class PolicyClaims:
    """The claims of the policy in one language.

    Attributes:
        recipients: each recipient with why it has no name, empty where it has one.
    """

    recipients: list[tuple[Recipient, str]]
    where: list[str]
    automated: str

    @classmethod
    def of(cls, organisation: Organisation, language: object) -> Self:
        """Return what an organisation's file gives ground to say."""
        return cls(
            [(recipient, say_missing_name(recipient, language)) for recipient in organisation.recipients],
            say_where(organisation.recipients, language),
            say_automated(organisation.takes_automated_decisions, language),
        )
