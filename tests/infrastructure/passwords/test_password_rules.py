"""The rules of passwords, as a function of what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.infrastructure.passwords.rules import COMMON_FILE, LONGEST, PasswordFault, password_fault

SHORTEST = 12
ADDRESS = "camille.lefevre@example.org"
NAMES = [ADDRESS, "Netkin"]


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
        "abc def ghi jkl " * 7 + "mno pqr stu vwx!",
    ],
)
def test_long_passwords_of_any_kind_are_taken(password: str) -> None:
    assert password_fault(password, NAMES, shortest=SHORTEST) is None


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
        ("netkin123456", PasswordFault.MADE_OF_NAMES),
        ("NetkinNetkin2026", PasswordFault.MADE_OF_NAMES),
        ("nét kin! Lefèvre 2026 !", PasswordFault.MADE_OF_NAMES),
        ("aaaabbbbccccdddd", PasswordFault.TOO_COMMON),
        ("qwertyuiopasdfghjkl", PasswordFault.TOO_COMMON),
        ("correcthorsebatterystaple", PasswordFault.TOO_COMMON),
        ("correct horse battery staple", PasswordFault.TOO_COMMON),
        (ADDRESS, PasswordFault.MADE_OF_NAMES),
        (f"voici {ADDRESS.upper()} et plus", PasswordFault.MADE_OF_NAMES),
        ("camille.lefevre!", PasswordFault.MADE_OF_NAMES),
        ("camille.lefevre@example.com", PasswordFault.MADE_OF_NAMES),
    ],
)
def test_guessable_passwords_are_refused(password: str, fault: PasswordFault) -> None:
    assert password_fault(password, NAMES, shortest=SHORTEST) is fault


def test_every_listed_password_is_refused() -> None:
    listed = [line for line in COMMON_FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len([line for line in listed if len(line) >= SHORTEST]) > 400
    assert [line for line in listed if password_fault(line, [], shortest=SHORTEST) is None] == []
    assert listed == sorted(set(listed))


def test_without_an_address_nothing_is_taken_for_it() -> None:
    assert password_fault("quatre mots au hasard", ["", "Li"], shortest=SHORTEST) is None


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(password: str) -> None:
    fault = password_fault(password, NAMES, shortest=SHORTEST)
    if len(password) > 2 * LONGEST:
        assert fault is PasswordFault.TOO_LONG
    if not password:
        assert fault is PasswordFault.TOO_SHORT
