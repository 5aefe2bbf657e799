"""The register of recipients by name (GDPR art. 15(1)(c), 19; CJEU C-154/21)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from portal.bilingual import Label
from portal.organisation import Organisation, RecipientDeclaration, RecipientRole


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient as people read it. `reason_not_named` is set exactly when the name is not known."""

    code: str
    role: RecipientRole
    named: str | None
    category: Label | None
    receives: Label
    reason_not_named: Label | None
    country_name: Label | None
    transfer_safeguard: Label | None
    only_when: Label | None

    @property
    def is_named(self) -> bool:
        return self.named is not None

    def name(self, language: object) -> str:
        """Return the name, or the category where there is no name."""
        if self.named is not None:
            return self.named
        return self.category.text(language) if self.category else self.role.label(language)

    def description(self, language: object) -> str:
        """Return one line: the name, the role, the country and the condition, as far as they are known."""
        details = [self.role.label(language) if self.is_named else None]
        details += [label.text(language) if label else None for label in (self.country_name, self.only_when)]
        known = [detail for detail in details if detail]
        return f"{self.name(language)} ({' ; '.join(known)})" if known else self.name(language)

    def as_answer(self, language: object) -> dict[str, str | None]:
        """Return the entry of an access answer: the name, empty only beside the reason why."""
        return {
            "name": self.named or "",
            "category": self.category.text(language) if self.category else self.role.label(language),
            "reason_not_named": self.reason_not_named.text(language) if self.reason_not_named else None,
            "receives": self.receives.text(language),
            "country": self.country_name.text(language) if self.country_name else None,
            "transfer_safeguard": self.transfer_safeguard.text(language) if self.transfer_safeguard else None,
            "condition": self.only_when.text(language) if self.only_when else None,
        }


class RecipientRegister:
    """All recipients, in the order of the organisation file."""

    def __init__(self, recipients: Iterable[Recipient]) -> None:
        self._by_code: Mapping[str, Recipient] = MappingProxyType({item.code: item for item in recipients})

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """Return the register that an organisation declares."""
        return cls(_recipient(declaration) for declaration in organisation.recipients)

    def __iter__(self) -> Iterator[Recipient]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Recipient:
        """Return a recipient by its code. Raises `KeyError`."""
        return self._by_code[code]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self._by_code)

    def of_codes(self, codes: Iterable[str]) -> tuple[Recipient, ...]:
        """Return the recipients of some codes, in the order of the register, each once."""
        wanted = set(codes)
        return tuple(recipient for recipient in self if recipient.code in wanted)

    def unnamed(self) -> tuple[Recipient, ...]:
        """Return those known by category only: a gap that the officer sees."""
        return tuple(recipient for recipient in self if not recipient.is_named)


def _recipient(declaration: RecipientDeclaration) -> Recipient:
    return Recipient(
        code=declaration.code,
        role=declaration.role,
        named=declaration.name,
        category=declaration.category,
        receives=declaration.receives,
        reason_not_named=declaration.reason_not_named,
        country_name=declaration.country_name,
        transfer_safeguard=declaration.transfer_safeguard,
        only_when=declaration.only_when,
    )
