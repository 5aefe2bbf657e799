"""What a page, a mail or a file says to people: its words, and which declared sentences stand in them."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from portal.personal_data.sentences import Sentence, declared

CLAIMS = re.compile(
    r"vous avez (donné|accepté) (votre|cet) accord|tout est fait|c’est fait"
    r"|\b(sont|est|ont été|a été|avons) (effacé|corrigé|rectifié)|données restent dans l’Union"
    r"|(par|de) machine seule|la loi nous (oblige|demande|impose)|en conformité|nous n’utilisons plus"
    r"|nous vous écrivons avant|you agreed|you gave (your|this) consent|everything is done|what you ask(ed)? (for )?is done"
    r"|\b(is|are|was|were|has been|have been|we) (erased|corrected)\b|data stay in the European Union"
    r"|by a machine alone|the law (makes|asks|obliges) us|compliant with|we no longer use",
    re.IGNORECASE,
)
"""Words that claim what only a row or a setting proves. They stand in no text but those of declared sentences."""

_BLANKS = re.compile(r"\s+")
_UNSEEN = re.compile(r"<(script|style|svg|head)\b.*?</\1>|<[^>]*>", re.DOTALL)
_PLACE = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True)
class Said:
    """A declared sentence found in a text: whether its claim was made, or its unknown form, and the words filled in."""

    code: str
    is_claim: bool
    facts: dict[str, str]
    words: str


def words_of_html(content: str) -> str:
    """Return the words that a page shows, with single blanks."""
    return plain(html.unescape(_UNSEEN.sub(" ", content)))


def words_of_mail(mail: EmailMessage) -> str:
    """Return the subject of a mail and all of its parts, as words."""
    parts = [str(mail["Subject"])]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        parts.append(plain(body.get_content()) if kind == "plain" else words_of_html(body.get_content()))
    return " ".join(parts)


def plain(text: str) -> str:
    return _BLANKS.sub(" ", text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2060", ""))


def sentences_in(text: str, language: str) -> Iterator[Said]:
    """Yield each declared sentence that a text holds, claimed or unknown."""
    for sentence in declared():
        for is_claim, pattern in _patterns(sentence, language):
            for found in pattern.finditer(text):
                yield Said(sentence.code, is_claim, found.groupdict(), found.group())


def without_sentences(text: str, language: str) -> str:
    """Return a text without the declared sentences: what is left may claim nothing."""
    for sentence in declared():
        for _is_claim, pattern in _patterns(sentence, language):
            text = pattern.sub(" ", text)
    return text


_known: dict[tuple[str, str], list[tuple[bool, re.Pattern[str]]]] = {}


def _patterns(sentence: Sentence, language: str) -> list[tuple[bool, re.Pattern[str]]]:
    if (sentence.code, language) not in _known:
        forms = [(True, sentence.said), (False, sentence.unknown)]
        _known[sentence.code, language] = [(claim, _pattern(label.text(language))) for claim, label in forms]
    return _known[sentence.code, language]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.{0,200}?)", re.escape(plain(text)).replace(r"\ ", " ")))
