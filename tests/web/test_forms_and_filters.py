"""Forms, fields and filters on a small app of their own: what is typed, what is said back, how it is drawn."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, g, render_template_string
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from portal import bilingual, clock
from portal.web import filters, i18n
from portal.web.fields import CodeField, DateField3
from portal.web.forms import EmailAddress, LengthBetween, Needed, PortalForm

ROOT = Path(__file__).parents[2]
NBSP = "\u00a0"
COLOURS = [SelectChoice("red", "Red"), SelectChoice("blue", "Blue")]


class Sample(PortalForm):
    """One field of each kind."""

    class Meta(PortalForm.Meta):
        csrf = False

    email = StringField("E-mail", [Needed("Enter your e-mail address"), EmailAddress()], description="We write there.")
    name = StringField("Name", [LengthBetween(least=2, most=5)])
    password = PasswordField("Password", [Needed("Enter your password")])
    born_on = DateField3("Birth date", [Needed("Enter your birth date")], autocomplete_prefix="bday")
    code = CodeField("Code")
    colour = RadioField("Colour", [Needed("Choose a colour")], choices=COLOURS, description="Either will do.")
    shades = SelectMultipleField(
        "Shades", choices=COLOURS, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    country = SelectField("Country", choices=[SelectChoice("fr", "France")])
    number = IntegerField("Number")
    words = TextAreaField("Words", [LengthBetween(most=10)])
    agreed = BooleanField("I have read it", [Needed("Tick the box")])


GOOD = {
    "email": "camille@example.org", "name": "Cam", "password": "p", "born_on-day": "4", "born_on-month": "mars",
    "born_on-year": "1988", "code": "12 34-56", "colour": "red", "country": "fr",
    "words": "a few", "agreed": "y",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages() -> Flask:
    app = Flask("pages", template_folder=str(ROOT / "templates"))
    app.secret_key = "a key of this test"
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    CSRFProtect(app)
    i18n.register(app)
    filters.register(app)
    return app


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def english(pages: Flask) -> Iterator[None]:
    with pages.test_request_context():
        g.language = "en"
        yield


@pytest.fixture
def french(pages: Flask) -> Iterator[None]:
    with pages.test_request_context():
        g.language = "fr"
        yield


def sent(**changes: str) -> Sample:
    """Return the form as sent with good values, some of them changed."""
    form = Sample(MultiDict(GOOD | changes))
    form.validate()
    return form


def drawn(form: Sample, name: str) -> Tag:
    """Return one field of the form as the macros draw it, checked for its wiring."""
    source = "{% import 'components/forms.html' as f with context %}{{ f.field(form[name]) }}"
    tree = BeautifulSoup(render_template_string(source, form=form, name=name), "html.parser")
    ids = [str(tag["id"]) for tag in tree.select("[id]")]
    assert len(ids) == len(set(ids))
    for tag in tree.select("[aria-describedby]"):
        assert set(str(tag["aria-describedby"]).split()) <= set(ids)
    assert not tree.select("[required], [style], [onclick]")
    for control in tree.select("input, select, textarea"):
        assert tree.select(f'label[for="{control["id"]}"]')
    return tree


# What is typed, and what the form makes of it


@pytest.mark.usefixtures("english")
class TestForms:
    def test_good_values_pass(self) -> None:
        form = sent()
        assert form.errors == {}
        assert form.born_on.data == date(1988, 3, 4)
        assert form.code.data == "123456"

    def test_each_empty_field_says_what_to_do(self) -> None:
        form = Sample(MultiDict({"name": "Cam", "country": "fr"}))
        assert not form.validate()
        assert {name: form.errors[name][0] for name in ("email", "password", "born_on", "colour", "agreed")} == {
            "email": "Enter your e-mail address", "password": "Enter your password",
            "born_on": "Enter your birth date", "colour": "Choose a colour", "agreed": "Tick the box",
        }  # fmt: skip
        assert [len(errors) for errors in form.errors.values()] == [1] * len(form.errors)

    @pytest.mark.parametrize("blank", ["", "   ", "\u00a0"])
    def test_blanks_are_nothing(self, blank: str) -> None:
        assert sent(email=blank).errors == {"email": ["Enter your e-mail address"]}

    @pytest.mark.parametrize("address", ["camille", "camille@", "@example.org", "a b@example.org", "a@example..org"])
    def test_what_is_no_address_is_told_with_an_example(self, address: str) -> None:
        assert sent(email=address).errors == {"email": ["Write an e-mail address such as name@example.org."]}

    @pytest.mark.parametrize("address", [" camille@example.org ", "jean+privé@example.org", "zoé@exemplé.fr"])
    def test_addresses_of_all_scripts_pass(self, address: str) -> None:
        assert sent(email=address).errors == {}

    def test_length_counts_characters_and_names_the_field(self) -> None:
        assert sent(name="é" * 5).errors == {}
        assert sent(name="é" * 6).errors == {"name": ["“Name”: use 5 characters at most; there are 6."]}
        assert sent(name="  é ").errors == {"name": ["“Name”: use at least 2 characters."]}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"colour": "green"}, "colour"), ({"country": "xx"}, "country"), ({"shades": "x"}, "shades")],
    )
    def test_a_choice_that_was_not_offered_is_told_in_our_words(self, changes: dict[str, str], field: str) -> None:
        assert sent(**changes).errors == {field: ["Choose among the answers on the page."]}

    def test_a_number_that_is_none_is_told_in_our_words(self) -> None:
        assert sent(number="many").errors["number"][0] == "Write a number, in digits."


@pytest.mark.usefixtures("english")
class TestDates:
    @pytest.mark.parametrize(
        "month", ["3", "03", "mars", "Mars", "MAR", "march", "March "], ids=lambda month: str(month).strip()
    )
    def test_the_month_is_a_number_or_a_word(self, month: str) -> None:
        assert sent(**{"born_on-month": month}).born_on.data == date(1988, 3, 4)

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            *(
                ("day", day)
                for day in (
                    "4",
                    " 04",
                    "\u200b4",
                    "4\u200b",
                    "4.",
                    "4/",
                    "4e",
                    "4 th",
                    "４",
                    "٤",
                    "\u202a4\u202c",
                    "4ème",
                )
            ),
            *(("month", month) for month in ("3.", "/3", "mars,", "\ufeffmars", "MARS\u00a0", "Mar.", "0３")),
            *(("year", year) for year in ("1988.", "\u200e1988", "1988\u00a0", "１９８８", "-1988")),
        ],
    )
    def test_what_comes_along_with_a_part_costs_nothing(self, name: str, typed: str) -> None:
        assert sent(**{f"born_on-{name}": typed}).born_on.data == date(1988, 3, 4)

    def test_the_first_of_a_month_may_be_written_as_it_is_said(self) -> None:
        for typed in ("1er", "1ᵉʳ", "1 er", "1st"):
            assert sent(**{"born_on-day": typed}).born_on.data == date(1988, 3, 1), typed

    @pytest.mark.parametrize(
        "typed", ["\u200b", "\u3164", "\u2800\u2800", "\ufeff \u00ad", "\u115f\u1160", "\ufe0f", "\u180e", "\U000e0100"]
    )
    def test_invisible_signs_alone_are_nothing(self, typed: str) -> None:
        assert sent(email=typed).errors["email"][0] == "Enter your e-mail address"
        assert sent(password=typed).errors["password"][0] == "Enter your password"

    @pytest.mark.parametrize(("word", "number"), [("février", 2), ("fevr.", 2), ("août", 8), ("aug", 8), ("déc.", 12)])
    def test_accents_and_short_forms_are_read(self, word: str, number: int) -> None:
        assert sent(**{"born_on-month": word}).born_on.data == date(1988, number, 4)

    @pytest.mark.parametrize(
        ("typed", "message", "anchor"),
        [
            (("4", "3", ""), "Birth date: add the year.", "born_on-year"),
            (("", "3", ""), "Birth date: add the day and the year.", "born_on"),
            (("4", "3", "88"), "Birth date: write the year with four digits.", "born_on-year"),
            (("4", "brumaire", "1988"), "Birth date: write the month as a number or a word.", "born_on-month"),
            (("4", "13", "1988"), "Birth date: this date does not exist.", "born_on-month"),
            (("31", "2", "1988"), "Birth date: this date does not exist.", "born_on"),
            (("4x", "2", "1988"), "Birth date: this date does not exist.", "born_on"),
        ],
    )
    def test_a_date_that_cannot_be_read_is_told_and_kept(
        self, typed: tuple[str, str, str], message: str, anchor: str
    ) -> None:
        names = ("born_on-day", "born_on-month", "born_on-year")
        form = sent(**dict(zip(names, typed, strict=True)))
        assert form.errors == {"born_on": [message]}
        assert form.born_on.anchor == anchor
        boxes = drawn(form, "born_on").select("input")
        assert tuple(box["value"] for box in boxes) == typed
        assert anchor in {box["id"] for box in boxes if box.get("aria-invalid")}

    def test_a_date_held_fills_the_boxes(self) -> None:
        boxes = drawn(Sample(data={"born_on": date(1988, 3, 4)}), "born_on").select("input")
        assert [box["value"] for box in boxes] == ["4", "3", "1988"]
        assert [box["autocomplete"] for box in boxes] == ["bday-day", "bday-month", "bday-year"]


# How it is drawn


@pytest.mark.usefixtures("english")
class TestMacros:
    def test_hint_and_error_are_tied_to_the_control(self) -> None:
        tree = drawn(sent(email="camille"), "email")
        control = tree.select_one("input")
        assert control is not None
        assert control["aria-describedby"] == "email-hint email-error"
        assert control["aria-invalid"] == "true"
        assert control["value"] == "camille"
        assert tree.select_one("#email-hint").text == "We write there."  # type: ignore[union-attr]

    def test_a_group_has_a_legend_and_its_first_choice_takes_the_link(self) -> None:
        form = Sample(MultiDict(GOOD | {"colour": ""}))
        form.validate()
        tree = drawn(form, "colour")
        group = tree.select_one("fieldset")
        assert group is not None
        assert group["aria-describedby"] == "colour-hint colour-error"
        assert group.select_one("legend").text == "Colour"  # type: ignore[union-attr]
        assert group.select("input")[0]["id"] == "colour"

    @pytest.mark.parametrize("name", ["name", "password", "code", "shades", "country", "number", "agreed"])
    def test_every_field_is_drawn(self, name: str) -> None:
        drawn(Sample(), name)

    def test_boxes_of_a_field_of_their_own_are_a_group_too(self) -> None:
        class Boxes(SelectMultipleField):
            widget = ListWidget(prefix_label=False)
            option_widget = CheckboxInput()

        class Choosing(PortalForm):
            boxes = Boxes("Boxes", choices=COLOURS)

        tree = drawn(Choosing(meta={"csrf": False}), "boxes")
        assert tree.select_one("fieldset > legend").text == "Boxes"  # type: ignore[union-attr]
        assert len(tree.select('.choice input[type="checkbox"]')) == 2

    def test_choices_carry_hints_and_keys(self) -> None:
        source = (
            "{% import 'components/forms.html' as f with context %}"
            "{{ f.field(form.colour, hints={'blue': 'Like the sea'}, keys=['a', 'x']) }}"
        )
        tree = BeautifulSoup(render_template_string(source, form=Sample()), "html.parser")
        red, blue = tree.select("input")
        assert (red["data-shortcut"], blue["data-shortcut"]) == ("a", "x")
        assert tree.find(id=str(blue["aria-describedby"])).text == "Like the sea"  # type: ignore[union-attr]
        assert not red.get("aria-describedby")

    def test_a_long_text_has_a_counter(self) -> None:
        tree = drawn(Sample(), "words")
        line = tree.select_one("[data-counter]")
        assert line is not None
        assert (line["data-counter"], line["data-most"]) == ("words", "10")
        assert tree.select_one("textarea")["aria-describedby"] == line["id"]  # type: ignore[index]

    def test_a_password_is_never_sent_back(self) -> None:
        assert not drawn(sent(email=""), "password").select_one("input").get("value")  # type: ignore[union-attr]

    def test_the_summary_leads_to_each_field(self) -> None:
        form = sent(**{"email": "", "born_on-year": ""})
        source = "{% import 'components/forms.html' as f with context %}{{ f.form_errors(form) }}"
        tree = BeautifulSoup(render_template_string(source, form=form), "html.parser")
        assert tree.select_one("h2").text == "There are 2 points to correct"  # type: ignore[union-attr]
        assert {link["href"]: link.text for link in tree.select("a")} == {
            "#email": "Enter your e-mail address", "#born_on-year": "Birth date: add the year.",
        }  # fmt: skip

    def test_what_people_typed_is_text(self) -> None:
        tree = drawn(sent(words="</textarea><script>alert(1)</script>"), "words")
        assert not tree.select("script")

    def test_a_button_form_carries_the_token(self) -> None:
        source = (
            "{% import 'components/forms.html' as f with context %}"
            "{{ f.button_form('/take', 'Take', values={'case': '1'}, shortcut='ctrl+enter') }}"
        )
        tree = BeautifulSoup(render_template_string(source), "html.parser")
        values = {tag["name"]: tag["value"] for tag in tree.select("input")}
        assert values["case"] == "1"
        assert len(str(values["csrf_token"])) > 20
        assert [kbd.text for kbd in tree.select("kbd")] == ["Ctrl", "Enter"]


def test_no_message_of_the_library_is_left_in_french(pages: Flask) -> None:
    with pages.test_request_context():
        g.language = "fr"
        form = sent(**{"colour": "green", "number": "x", "born_on-year": "", "email": "a", "name": "x" * 9})
        texts = [str(errors[0]) for errors in form.errors.values()]
    assert "Choisissez parmi les réponses de la page." in texts
    assert f"Birth date{NBSP}: ajoutez l’année." in texts
    assert f"«{NBSP}Name{NBSP}»{NBSP}: écrivez 5 caractères au plus{NBSP}; il y en a 9." in texts
    assert len(texts) == 5
    assert not [text for text in texts if "valid" in text or "'" in text]


# Dates, sizes and numbers


MOMENT = datetime(2026, 11, 20, 13, 12, tzinfo=UTC)


@pytest.mark.usefixtures("french")
class TestFrenchFilters:
    def test_dates(self) -> None:
        assert filters.long_date(date(2026, 12, 4)) == f"vendredi 4{NBSP}décembre 2026"
        assert filters.long_date("2026-12-01", weekday=False) == f"1er{NBSP}décembre 2026"
        assert filters.short_date(date(2026, 12, 4)) == f"4{NBSP}déc.{NBSP}2026"
        assert filters.date_time(MOMENT) == f"20{NBSP}novembre 2026 à 14{NBSP}h{NBSP}12"
        assert filters.time_of_day("2026-11-20T08:05:00+00:00") == f"9{NBSP}h{NBSP}05"

    @pytest.mark.parametrize(
        ("size", "text"),
        [
            (0, "0 octet"), (1, "1 octet"), (2, "2 octets"), (999, "999 octets"), (1000, "1 ko"), (812_400, "812 ko"),
            (999_499, "999 ko"), (999_500, "1 Mo"), (3_200_000, "3,2 Mo"), (25_000_000_000, "25 Go"), (4 * 10**15, "4 000 To"),
        ],
    )  # fmt: skip
    def test_sizes_stay_in_one_piece(self, size: int, text: str) -> None:
        assert filters.file_size(size).replace("\u202f", NBSP) == text.replace(" ", NBSP)

    def test_numbers_and_money(self) -> None:
        assert filters.number(1248) == "1\u202f248"
        assert filters.money("49.90") == f"49,90{NBSP}€"

    @pytest.mark.parametrize(
        ("day", "words"),
        [
            ("2026-11-20", "aujourd’hui"),
            ("2026-11-21", "dans 1 jour"),
            ("2026-12-02", "dans 12 jours"),
            ("2026-11-17", "il y a 3 jours"),
        ],
    )
    def test_how_far_a_day_is(self, day: str, words: str) -> None:
        with clock.stopped_at(MOMENT):
            assert filters.relative_days(day) == words

    @pytest.mark.parametrize(
        ("day", "words"),
        [("2026-10-21", "il y a 30 jours"), ("2026-10-20", "20 oct. 2026"), ("2024-06-03", "3 juin 2024")],
    )
    def test_how_recent_a_day_is(self, day: str, words: str) -> None:
        with clock.stopped_at(MOMENT):
            assert filters.recent_day(day) == words.replace(" ", NBSP if day < "2026-10-21" else " ")


@pytest.mark.usefixtures("english")
class TestEnglishFilters:
    def test_dates(self) -> None:
        assert filters.long_date(date(2026, 12, 4)) == f"Friday 4{NBSP}December 2026"
        assert filters.long_date("2026-12-01", weekday=False) == f"1{NBSP}December 2026"
        assert filters.date_time(MOMENT) == f"20{NBSP}November 2026 at 14:12"
        assert filters.time_of_day("2026-11-20T08:05:00+00:00") == "09:05"

    def test_sizes_numbers_and_money(self) -> None:
        assert filters.file_size(3_200_000) == f"3.2{NBSP}MB"
        assert filters.number(1248) == "1,248"
        assert filters.money("49.90") == "€49.90"


@pytest.mark.parametrize("day", [date(2026, month, number) for month in range(1, 13) for number in (1, 2, 11, 21)])
def test_a_page_and_a_letter_write_a_day_alike(pages: Flask, language: str, day: date) -> None:
    instant = datetime.combine(day, time(22, 5), tzinfo=UTC)
    with pages.test_request_context():
        g.language = language
        for weekday in (True, False):
            assert filters.long_date(day, weekday) == bilingual.long_date(day, language, weekday=weekday)
            assert filters.long_date(instant, weekday) == bilingual.long_date(instant, language, weekday=weekday)
        assert filters.date_time(instant) == bilingual.date_time(instant, language)
        assert filters.time_of_day(instant) == bilingual.time_of_day(instant, language)
    first = "1er" if language == "fr" else "1"
    assert f"{first if day.day == 1 else day.day}{NBSP}" in bilingual.long_date(day, language)


def test_an_instant_is_told_in_the_day_of_paris(pages: Flask, language: str) -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    with pages.test_request_context():
        g.language = language
        told = [
            filters.long_date(value, weekday=False) for value in (late, late.isoformat(), late.replace(tzinfo=None))
        ]
        assert set(told) == {f"1er{NBSP}juillet 2026" if language == "fr" else f"1{NBSP}July 2026"}
        with clock.stopped_at(datetime(2026, 6, 30, 23, 0, tzinfo=UTC)):
            assert filters.relative_days(late) == ("aujourd’hui" if language == "fr" else "today")


@pytest.mark.parametrize(
    "name", ["long_date", "short_date", "date_time", "time_of_day", "relative_days", "recent_day", "machine_date"]
)
def test_no_date_is_no_text(name: str) -> None:
    told: Any = getattr(filters, name)
    assert told(None) == ""
