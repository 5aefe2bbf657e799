"""The register of recipients by name (GDPR art. 15(1)(c), 19; CJEU C-154/21), and what may be said of them."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, Self

from portal import clock
from portal.bilingual import Label, long_date
from portal.organisation import Organisation, ReasonNotNamed, Recipient
from portal.personal_data.sentences import Behind, Ground, declare, say, setting

NAME_PROMISED: Final = declare(
    "recipient_name_promised",
    Ground.ROW,
    Label(
        fr="Nous ne pouvons pas encore donner de nom. Nous vous l'écrirons avant le {date}.",
        en="We cannot give a name yet. We will send it to you before {date}.",
    ),
    Label(fr="Nous ne pouvons pas encore donner de nom.", en="We cannot give a name yet."),
)
NAME_PLANNED: Final = declare(
    "recipient_name_planned",
    Ground.SETTING,
    Label(
        fr="Nous ne pouvons pas encore donner de nom. Nous comptons le faire avant le {date}.",
        en="We cannot give a name yet. We mean to give it before {date}.",
    ),
    NAME_PROMISED.unknown,
)
IN_THE_UNION: Final = declare(
    "in_the_union",
    Ground.SETTING,
    Label(
        fr="Chacun de ces destinataires est établi dans l'Union européenne ou l'Espace économique européen.",
        en="Each of these recipients is established in the European Union or the European Economic Area.",
    ),
    Label(
        fr="Nous ne pouvons pas encore dire dans quel pays sont établis : {names}.",
        en="We cannot tell yet in which country these are established: {names}.",
    ),
)
SAFEGUARDED: Final = declare(
    "transfer_safeguarded",
    Ground.SETTING,
    Label(
        fr="Ces destinataires sont hors de l'Union européenne, avec ces garanties : {names}.",
        en="These recipients are outside the European Union, with these safeguards: {names}.",
    ),
    Label(
        fr="Ces destinataires sont hors de l'Union européenne, et nous ne pouvons pas encore dire avec quelles"
        " garanties : {names}.",
        en="These recipients are outside the European Union, and we cannot tell yet with which safeguards: {names}.",
    ),
)


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


def say_missing_name(recipient: Recipient, language: object, promise: tuple[date, Behind] | None = None) -> str:
    """Return why a recipient has no name here: a reason in law, or that it is missing; nothing for one with a name.

    Args:
        promise: until when its name was promised to the reader, with the row that keeps the promise.
    """
    if isinstance(recipient.reason_not_named, ReasonNotNamed):
        return recipient.reason_not_named.label(language)
    if not recipient.is_owed:
        return ""
    if promise:
        return say(NAME_PROMISED, promise[1], language, date=long_date(promise[0], language, weekday=False))
    if recipient.named_by is None or recipient.named_by < clock.today():
        return say(NAME_PLANNED, None, language)
    planned = setting(f"recipients.{recipient.code}.named_by")
    return say(NAME_PLANNED, planned, language, date=long_date(recipient.named_by, language, weekday=False))


def say_where(recipients: Iterable[Recipient], language: object) -> list[str]:
    """Return what is known of transfers outside the Union (GDPR art. 13(1)(f), 15(2)): one sentence at least.

    `IN_THE_UNION` is said only when the country of each recipient is declared.
    """
    recipients = list(recipients)
    outside = [recipient for recipient in recipients if recipient.is_in_the_union is False]
    unknown = [recipient for recipient in recipients if recipient.is_in_the_union is None]
    said = []
    if unknown:
        said.append(say(IN_THE_UNION, None, language, names=_names(unknown, language)))
    elif recipients and not outside:
        said.append(say(IN_THE_UNION, setting("recipients.country"), language))
    guarded = [recipient for recipient in outside if recipient.transfer_safeguard]
    if guarded:
        names = ", ".join(_with_safeguard(recipient, language) for recipient in guarded)
        said.append(say(SAFEGUARDED, setting("recipients.transfer_safeguard"), language, names=names))
    if len(outside) > len(guarded):
        bare = [recipient for recipient in outside if not recipient.transfer_safeguard]
        said.append(say(SAFEGUARDED, None, language, names=_names(bare, language)))
    return said


def as_answer(recipient: Recipient, language: object, promise: tuple[date, Behind] | None = None) -> dict[str, str]:
    """Return the entry of an access answer. Where the name is empty, `reason_not_named` says why."""

    def text(label: Label | None) -> str:
        return label.text(language) if label else ""

    return {
        "name": recipient.name or "",
        "category": recipient.shown_category(language),
        "reason_not_named": say_missing_name(recipient, language, promise),
        "receives": recipient.receives.text(language),
        "country": text(recipient.country_name),
        "transfer_safeguard": text(recipient.transfer_safeguard),
        "condition": text(recipient.only_when),
    }


def _names(recipients: Iterable[Recipient], language: object) -> str:
    return ", ".join(recipient.shown_name(language) for recipient in recipients)


def _with_safeguard(recipient: Recipient, language: object) -> str:
    safeguard = recipient.transfer_safeguard.text(language) if recipient.transfer_safeguard else ""
    return f"{recipient.shown_name(language)} ({safeguard})"
