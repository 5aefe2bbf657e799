"""Every form: all that is wrong is told in one round, and one fault has one text wherever it is made."""

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.support.every_form import BASES, CASES, NOTHING_TO_CORRECT, all_forms, check

PORTAL = Path(__file__).parents[2] / "portal"


@pytest.fixture
def app_without_tokens(shared_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(shared_app.config, "WTF_CSRF_ENABLED", False)
    return shared_app


def test_every_form_has_its_case(shared_app: Flask) -> None:
    known = {case.rpartition(".")[2] for case in CASES} | {name.rpartition(".")[2] for name in NOTHING_TO_CORRECT}
    assert {kind.__name__ for kind in all_forms()} - BASES == known
    assert len(list(all_forms())) == len(BASES) - 1 + len(CASES) + len(NOTHING_TO_CORRECT)


@pytest.mark.parametrize("name", CASES)
def test_all_that_is_wrong_is_told_at_once(app_without_tokens: Flask, name: str) -> None:
    case = CASES[name]
    told = set(check(app_without_tokens, case, case.wrong, "en"))
    assert told
    corrected = case.wrong | {field: case.right[field] for field in told}
    assert check(app_without_tokens, case, corrected, "en") == {}
    assert check(app_without_tokens, case, case.right, "en") == {}
    assert told == {field for field in case.wrong if case.wrong[field] != case.right[field]}


TYPED = {
    "too long": "x" * 5_000,
    "too short": "\u00e9",
    "no answer of the page": "no such choice",
    "no address": "camille@",
    "known to everybody": "password123456789",
}
SAID = {
    "“…”: use N characters at most; there are N.",
    "“…”: use at least N characters.",
    "Choose among the answers on the page.",
    "Write an e-mail address such as name@example.org.",
    "This password is among the first that others would try. Choose another one.",
    "Choose a password that is made neither of your name nor of your e-mail address nor of our name.",
    "Write the case reference as DR-N-N, or leave it empty.",
}


def said(app: Flask, typed: str, language: str) -> dict[str, frozenset[str]]:
    """Return what the forms say of one wrong value in all their fields, without labels and numbers, and where."""
    found: dict[str, set[str]] = {}
    for name, case in CASES.items():
        values = {field: typed for field in case.wrong if field != "page" and not field.endswith("_on")}
        for field, text in check(app, case, case.right | values, language).items():
            plain = re.sub(r"\d+", "N", re.sub(r"“.*”", "“…”", re.sub(r"«.*»", "« … »", text)))
            found.setdefault(plain, set()).add(f"{name}.{field}")
    return {text: frozenset(fields) for text, fields in found.items()}


def test_one_fault_has_one_text(app_without_tokens: Flask) -> None:
    in_english = {fault: said(app_without_tokens, typed, "en") for fault, typed in TYPED.items()}
    assert {text for texts in in_english.values() for text in texts} == SAID
    for fault, typed in TYPED.items():
        assert set(said(app_without_tokens, typed, "fr").values()) == set(in_english[fault].values())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_missing_is_said_alike_wherever_it_has_the_same_name(app_without_tokens: Flask, language: str) -> None:
    texts: dict[str, set[str]] = {}
    for case in CASES.values():
        empty = {field: "//" if field.endswith("_on") else "" for field in case.wrong if field != "page"}
        for label, text in check(app_without_tokens, case, case.right | empty, language, by_label=True).items():
            texts.setdefault(label, set()).add(text)
            assert text.endswith("."), text
    assert {label: found for label, found in texts.items() if len(found) > 1} == {}


FAULT = re.compile(r'(?:errors = \[|StopValidation\()\s*_l?\(\s*"([^"]+)"')
OWN_WORDS_ELSEWHERE = re.compile(r"password|code (?:does|is)|too (?:long|short)|address such", re.IGNORECASE)


def test_a_fault_of_one_kind_is_worded_in_one_place() -> None:
    """What only a view can tell, such as a wrong password, comes from `portal/access/forms.py`."""
    texts = [text for file in sorted(PORTAL.rglob("*.py")) for text in FAULT.findall(file.read_text("utf-8"))]
    assert len(texts) > 20
    assert sorted(set(texts)) == sorted(texts)
    assert [text for text in texts if OWN_WORDS_ELSEWHERE.search(text)] == [
        "This code is wrong or too old. Take the newest e-mail, or ask for another."
    ]
