"""What stands across a picture names who looks, whatever their name is written in."""

from datetime import UTC, datetime

import pytest
from PIL import ImageFont

from portal import clock
from portal.identity_checks.decoding.watermark import plain_letters
from portal.identity_checks.documents.viewing import mark_of
from portal.staff.models import StaffMember


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Éléonore Müller", "Eleonore Muller"), ("Łukasz Dąbrowski", "Lukasz Dabrowski"), ("Søren Weiß", "Soren Weiss"),
        ("Œdipe d’Alençon", "OEdipe d'Alencon"), ("Nguyễn Thị Đào", "Nguyen Thi Dao"), ("Jean‑Noël", "Jean-Noel"),
        ("Лариса Попова", None), ("مريم", None), ("王芳", None), ("Eve Ж.", None), ("\u0301", None), ("A\nB", None),
    ],
)  # fmt: skip
def test_a_name_loses_its_accents_and_never_a_letter(name: str, written: str | None) -> None:
    assert plain_letters(name) == written


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Éléonore Müller", "Eleonore M."), ("Лариса Попова", "staff 7c2e90d1b3a4"), ("Élise Øster", "Elise O.")],
)
def test_the_mark_names_case_viewer_and_moment_in_letters_that_the_font_has(name: str, shown: str) -> None:
    member = StaffMember(name=name, public_id="7c2e90d1b3a4f5e60718293a4b5c6d7e")
    with clock.stopped_at(datetime(2026, 11, 22, 13, 2, tzinfo=UTC)):
        mark = mark_of(member, "DR-2026-00431")
    assert mark == f"DR-2026-00431 - {shown} - 22/11/2026 14:02"
    font = ImageFont.load_default(24)
    missing = bytes(font.getmask("\ufffd"))
    assert all(bytes(font.getmask(letter)) != missing for letter in mark if letter != " ")
