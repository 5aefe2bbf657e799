"""The register of recipients by name (GDPR art. 15(1)(c), 19; CJEU C-154/21)."""

from collections.abc import Iterable, Iterator
from typing import Self

from portal.organisation import Organisation, Recipient


class RecipientRegister:
    """All recipients, in the order of the organisation file."""

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self._by_code = {recipient.code: recipient for recipient in recipients}

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """Return the register that an organisation declares."""
        return cls(organisation.recipients)

    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Recipient:
        """Return a recipient by its code. Raises `KeyError`."""
        return self._by_code[code]

    def of_codes(self, codes: Iterable[str]) -> tuple[Recipient, ...]:
        """Return the recipients of some codes, in the order of the register, each once."""
        wanted = set(codes)
        return tuple(recipient for recipient in self if recipient.code in wanted)
