"""The rules of passwords, as a function of what is typed."""

import json
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.infrastructure.passwords import listing
from portal.infrastructure.passwords.rules import COMMON_FILE, LISTED_FILE, LONGEST, PasswordFault, password_fault

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
        "lundi le mardi dort",
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
        ("123456654321", PasswordFault.TOO_COMMON),
        ("987654321012", PasswordFault.TOO_COMMON),
        ("0123456789ab", PasswordFault.TOO_COMMON),
        ("azerqsdfwxcv", PasswordFault.TOO_COMMON),
        ("poiuytreza12", PasswordFault.TOO_COMMON),
        ("mlkjhgfdsq12", PasswordFault.TOO_COMMON),
        ("7894561230123", PasswordFault.TOO_COMMON),
        ("1234567890-=", PasswordFault.TOO_COMMON),
        ("!@#$%^&*()_+", PasswordFault.TOO_COMMON),
        ("&é\"'(-è_çà)=", PasswordFault.TOO_COMMON),
        ("parisparis75", PasswordFault.TOO_COMMON),
        ("m0tdep@sse12", PasswordFault.TOO_COMMON),
        ("t3l3charg3ment", PasswordFault.TOO_COMMON),
        ("T3l3ch@rgement!", PasswordFault.TOO_COMMON),
        ("135792468024", PasswordFault.TOO_COMMON),
        ("йцукенгшщзхъ", PasswordFault.TOO_COMMON),
        ("ςερτυθιοπασδ", PasswordFault.TOO_COMMON),
        ("auiectsrnmçà", PasswordFault.TOO_COMMON),
        ("azertyuazerty", PasswordFault.TOO_COMMON),
        ("lampadairelampadairela", PasswordFault.TOO_COMMON),
        ("pamplemousse et paradis", None),
        ("telechargement", PasswordFault.TOO_COMMON),
        ("Téléchargement", PasswordFault.TOO_COMMON),
        ("télé-chargement 2026", PasswordFault.TOO_COMMON),
        ("tnemegrahcelet", PasswordFault.TOO_COMMON),
        ("Manœuvre-manœuvre", PasswordFault.TOO_COMMON),
        ("Lundi mardi mercredi", PasswordFault.TOO_COMMON),
        ("nu ressasser un", PasswordFault.TOO_COMMON),
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


def test_every_word_of_the_lists_is_refused_however_it_is_written() -> None:
    lines = [line for line in LISTED_FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    words = [line for line in lines if " " not in line]
    assert len(words) > 7000 and len(words) == len(set(words))
    taken = [word for word in words if password_fault(word.upper(), [], shortest=SHORTEST) is None]
    assert taken == []


def test_the_list_is_made_of_the_packages_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "listed.txt"
    monkeypatch.setattr(listing, "LISTED_FILE", made)
    python, french = tmp_path / "zxcvbn-1.whl", tmp_path / "fr-1.tgz"
    with zipfile.ZipFile(python, "w") as archive:
        archive.writestr("zxcvbn/frequency_lists.py", 'LISTS = {"a": "court,Intelligence,p@ss-w0rd.123".split(",")}')
    contents = {
        "words": ["Manœuvrera", "été", "d'aujourd'hui"],
        "rows": {"days": ["lundi", "mardi"]},
        "keys": {"a": {}},
    }
    with tarfile.open(french, "w:gz") as archive:
        for name, content in contents.items():
            member, text = tarfile.TarInfo(f"package/src/{name}.json"), json.dumps(content).encode()
            member.size = len(text)
            archive.addfile(member, BytesIO(text))
    listing.write_list([python, french])
    lines = [line for line in made.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == ["lundi mardi", "d'aujourd'hui", "intelligence", "p@ss-w0rd.123"]
    assert made.read_text("utf-8").count("fr-1.tgz") == 1


def test_without_an_address_nothing_is_taken_for_it() -> None:
    assert password_fault("quatre mots au hasard", ["", "Li"], shortest=SHORTEST) is None


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(password: str) -> None:
    fault = password_fault(password, NAMES, shortest=SHORTEST)
    if len(password) > 2 * LONGEST:
        assert fault is PasswordFault.TOO_LONG
    if not password:
        assert fault is PasswordFault.TOO_SHORT
