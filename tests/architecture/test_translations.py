"""Every text on a screen or in a mail has a complete French translation, and no translation is left over."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale, ngettext

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "portal" / "translations" / "fr" / "LC_MESSAGES"
METHODS = [("portal/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
BANNED = re.compile(r"\b(veuillez|merci de|malheureusement|oups|invalides?|sorry|oops|invalid|please)\b", re.IGNORECASE)


def used_texts() -> dict[str, str]:
    """Return every text that the code asks to translate, with the place of its first use."""
    found: dict[str, str] = {}
    folders = [
        (ROOT / "portal", "python", "**.py"),
        (ROOT / "templates", "jinja2", "**.html"),
        (ROOT / "templates", "jinja2", "**.txt"),
    ]
    for folder, method, pattern in folders:
        rows = extract_from_dir(
            folder, [(pattern, method)], keywords=KEYWORDS, options_map={pattern: {"trimmed": "true"}}
        )
        for name, line, message, _comments, _context in rows:
            text = message[0] if isinstance(message, tuple) else message
            found.setdefault(text, f"{folder.name}/{name}:{line}")
    return found


def catalogues() -> dict[str, Catalog]:
    return {path.stem: read_po(BytesIO(path.read_bytes()), locale="fr") for path in sorted(CATALOGUES.glob("*.po"))}


def messages() -> list[tuple[str, Message]]:
    return [(name, message) for name, catalogue in catalogues().items() for message in catalogue if message.id]


def source_of(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else message.id


def translations_of(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string]


def test_every_text_is_translated() -> None:
    translated = {source_of(message) for _name, message in messages()}
    missing = [f"{place}: {text!r}" for text, place in used_texts().items() if text and text not in translated]
    assert not missing, "add to a catalogue in portal/translations/fr/LC_MESSAGES:\n" + "\n".join(missing)


def test_no_translation_is_empty_or_fuzzy() -> None:
    faults = [
        f"{name}.po: {source_of(message)!r}"
        for name, message in messages()
        if message.fuzzy or not all(text and text.strip() for text in translations_of(message))
    ]
    assert not faults, "\n".join(faults)


def test_no_translation_is_left_over() -> None:
    used = used_texts()
    unused = [f"{name}.po: {source_of(message)!r}" for name, message in messages() if source_of(message) not in used]
    assert not unused, "remove what no code uses:\n" + "\n".join(unused)


def test_placeholders_agree() -> None:
    faults = []
    for name, message in messages():
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {place for source in sources for place in PLACEHOLDER.findall(source)}
        for text in translations_of(message):
            if set(PLACEHOLDER.findall(text)) - wanted or wanted - set(PLACEHOLDER.findall(text)) - {
                "number",
                "num",
                "count",
                "n",
            }:
                faults.append(f"{name}.po: {source_of(message)!r}")
    assert not faults, "\n".join(faults)


def test_a_text_stands_in_one_catalogue_only() -> None:
    homes: dict[str, str] = {}
    faults = []
    for name, message in messages():
        source = source_of(message)
        other = homes.setdefault(source, name)
        if other != name:
            theirs = next(m for n, m in messages() if n == other and source_of(m) == source)
            if translations_of(theirs) != translations_of(message):
                faults.append(f"{source!r} reads differently in {other}.po and {name}.po")
    assert not faults, "\n".join(faults)


def test_words_are_plain() -> None:
    texts = [(place, text) for text, place in used_texts().items()]
    texts += [(f"{name}.po", text) for name, message in messages() for text in translations_of(message)]
    faults = [f"{place}: {text!r}" for place, text in texts if BANNED.search(text or "")]
    assert not faults, "say it in plain words (ux):\n" + "\n".join(faults)


def test_french_spaces_do_not_break() -> None:
    breaking = re.compile(r"(?<=\S) [;:!?»]|« ")
    faults = [
        f"{name}.po: {text!r}" for name, message in messages() for text in translations_of(message)
        if breaking.search(text or "")
    ]  # fmt: skip
    assert not faults, "use U+00A0:\n" + "\n".join(faults)


@pytest.mark.parametrize("text", ["Veuillez saisir", "This is invalid"])
def test_the_word_rule_bites(text: str) -> None:
    assert BANNED.search(text)


def test_one_sentence_has_one_english_text() -> None:
    """Two English sentences with one French text say the same thing differently."""
    english: dict[str, set[str]] = {}
    for _name, message in messages():
        source = source_of(message)
        if isinstance(message.string, str) and source.endswith("."):
            english.setdefault(message.string, set()).add(source)
    assert [sources for sources in english.values() if len(sources) > 1] == []


IRREGULAR = {("est", "sont"), ("a", "ont"), ("part", "partent"), ("sa", "leur"), ("le", "les"), ("durée", "durée")}
NEVER_ONE = {
    "%(kind)s, more than %(count)s": "one that is counted no further has a thousand at least",
    "Still to check: %(count)s points.": "up to three are named",
    "The %(num)s newest are shown; there are more.": "a page full",
    "This page shows the %(shown)s newest of %(total)s items.": "a page full",
}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_counted_agrees_with_its_number(shared_app: Flask, number: int) -> None:
    """In French 0 and 1 are singular, and what agrees with a feminine noun stays feminine."""
    counted = [message for _name, message in messages() if isinstance(message.id, tuple)]
    assert len(counted) > 20
    faults = []
    with shared_app.test_request_context("/"), force_locale("fr"):
        for message in counted:
            said, (one, several) = ngettext(*message.id, number, count=number, shown=number, date="1"), message.string
            pattern = several if number > 1 else one
            if said != pattern % {"num": number, "count": number, "shown": number, "date": "1"}:
                faults.append(f"{said!r} is not {pattern!r}")
            pairs = zip(_words_in(one), _words_in(several), strict=True)
            faults += [f"{a} → {b} in {one!r}" for a, b in pairs if not (a == b or b == f"{a}s" or (a, b) in IRREGULAR)]
    assert not faults, "\n".join(faults)


def test_what_is_counted_has_its_singular() -> None:
    counts = re.compile(r"%\((num|count|shown)\)s")
    faults = {m.id for _n, m in messages() if isinstance(m.id, str) and counts.search(m.id)} - set(NEVER_ONE)
    assert not faults, "use ngettext:\n" + "\n".join(faults)


def _words_in(text: str) -> list[str]:
    return re.findall(r"[\w’%()]+", text)
