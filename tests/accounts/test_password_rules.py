"""The rules of passwords, as a function of what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.password_rules import COMMON_FILE, LONGEST, SHORTEST, PasswordFault, password_fault

ADDRESS = "camille.lefevre@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "quatre mots au hasard",
        "  des espaces  autour  ",
        "été à la forêt",
        "日本語のパスワードを使う",
        "x7#kQ2!mZ9pL",
        "la camille de mon jardin fleurit tard",
        "🦊🐙🦉🐢🦋🐝🐞🦔🐿🦥🦦🦨",
        "mon lapin préfère lefevre-duval",
        "x" * 5 + "yz" * 61 + "!",
    ],
)
def test_long_passwords_of_any_kind_are_taken(password: str) -> None:
    assert password_fault(password, ADDRESS, "Netkin") is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("x7#kQ2!mZ9p", PasswordFault.TOO_SHORT),
        ("e\u0301" * 11, PasswordFault.TOO_SHORT),
        ("x7#kQ2!mZ9pL" * 11, PasswordFault.TOO_LONG),
        ("aaaaaaaaaaaa", PasswordFault.TOO_COMMON),
        ("            ", PasswordFault.TOO_COMMON),
        ("abcabcabcabc", PasswordFault.TOO_COMMON),
        ("123412341234123", PasswordFault.TOO_COMMON),
        ("Motdepasse123!", PasswordFault.TOO_COMMON),
        ("MOT DE PASSE 123", PasswordFault.TOO_COMMON),
        ("password2026!!", PasswordFault.TOO_COMMON),
        ("netkin123456", PasswordFault.TOO_COMMON),
        ("NetkinNetkin2026", PasswordFault.TOO_COMMON),
        ("qwertyuiopasdfghjkl", PasswordFault.TOO_COMMON),
        ("correcthorsebatterystaple", PasswordFault.TOO_COMMON),
        ("correct horse battery staple", PasswordFault.TOO_COMMON),
        (ADDRESS, PasswordFault.HOLDS_ADDRESS),
        (f"voici {ADDRESS.upper()} et plus", PasswordFault.HOLDS_ADDRESS),
        ("camille.lefevre!", PasswordFault.HOLDS_ADDRESS),
        ("camille.lefevre@example.com", PasswordFault.HOLDS_ADDRESS),
    ],
)
def test_guessable_passwords_are_refused(password: str, fault: PasswordFault) -> None:
    assert password_fault(password, ADDRESS, "Netkin") is fault


def test_every_listed_password_is_refused() -> None:
    listed = [line for line in COMMON_FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len([line for line in listed if len(line) >= SHORTEST]) > 400
    assert [line for line in listed if password_fault(line, "", "") is None] == []
    assert listed == sorted(set(listed))


def test_without_an_address_nothing_is_taken_for_it() -> None:
    assert password_fault("quatre mots au hasard", "") is None


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(password: str) -> None:
    fault = password_fault(password, ADDRESS, "Netkin")
    if len(password) > 2 * LONGEST:
        assert fault is PasswordFault.TOO_LONG
    if not password:
        assert fault is PasswordFault.TOO_SHORT
