"""What the company's systems hold as people gave it: numbers, addresses and births are kept and shown so."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.partial_dates import may_be_same_day
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.records import customer, invoice, record

CAMILLE = "C-camille"
TakeIn = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        *((number, number) for number in ("0692 12 34 56", "0690 12 34 56", "0696 12 34 56", "0639 12 34 56")),
        *((number, number) for number in ("0594 12 34 56", "0470 12 34 56", "079 123 45 67", "06.12.34.56.78")),
        ("+262 692 12 34 56", "+262 692 12 34 56"), ("0032 470 12 34 56", "+32 470 12 34 56"), ("tel:+33612345678", "+33 6 12 34 56 78"),
        ("\u202a06\u00a012\u202f34\u00a056\u00a078\u202c", "06 12 34 56 78"), ("(0470) 12‑34‑56", "(0470) 12-34-56"),
        ("+33\u200b 6 12 34 56 78", "+33 6 12 34 56 78"), ("０６ 12 34 56 78", "06 12 34 56 78"),
        ("٠٦١٢٣٤٥٦٧٨", "0612345678"), ("۰۶۱۲۳۴۵۶۷۸", "0612345678"), ("०६१२३४५६७८", "0612345678"), ("＋３３ 6 12 34 56 78", "+33 6 12 34 56 78"),
        ("(+33) 6 12 34 56 78", "+33 6 12 34 56 78"), ("TEL:+33-6-12-34-56-78;phone-context=+33", "+33 6 12 34 56 78"), ("06 12 34 56 78;ext=3", "06 12 34 56 78 ext. 3"), ("+33 6 12 34 56 78 / +32 470 12 34 56", "+33 6 12 34 56 78 / +32 470 12 34 56"),
        ("tel:+41791234567;ext=12", "+41 79 123 45 67 ext. 12"),
        ("callto:0470123456", "0470123456"), ("sms:+262692123456", "+262 692 12 34 56"), ("Tél. : 06 12 34 56 78", "06 12 34 56 78"), ("Mobile: 0692123456", "0692123456"),
        ("06 12 34 56 78\r\n", "06 12 34 56 78"), ("\t+32 470 12 34 56 ", "+32 470 12 34 56"), ("06_12_34_56_78", "06_12_34_56_78"), ("[06 12 34 56 78]", "[06 12 34 56 78]"),
        ("00 41 79 123 45 67", "+41 79 123 45 67"), ("+33 (0)6 12 34 56 78", "+33 6 12 34 56 78"), ("3639", "3639"), ("112", "112"), ("8 912 345-67-89", "8 912 345-67-89"),
        ("06 12 34 56 78 / 07 12 34 56 78", "06 12 34 56 78 / 07 12 34 56 78"), ("06 12 34 56 78, 07 12 34 56 78", "06 12 34 56 78, 07 12 34 56 78"),
        ("06 12 34 56 78 (bureau)", "06 12 34 56 78 (bureau)"), ("+999 123456", "+999 123456"),
        # the country in other brackets, and links of other programs
        *((number, "+33 6 12 34 56 78") for number in (
            "(0033) 6 12 34 56 78", "[+33] 6 12 34 56 78", "00 33 6 12 34 56 78", "+33(0)612345678", "tel://+33612345678",
            "<tel:+33612345678>", "sms:+33612345678?body=a", "facetime:+33612345678", "skype:+33612345678?call", "Tel +33 6 12 34 56 78",
            "📞 +33 6 12 34 56 78", "« +33 6 12 34 56 78 »", "\"+33612345678\";", "+33•6•12•34•56•78",
        )),
        ("https://wa.me/33612345678", "33612345678"), ("00 33 6 12 34 56 78", "+33 6 12 34 56 78"),
        # other signs between the digits
        ("06·12·34·56·78", "06.12.34.56.78"), ("06•12•34•56•78", "06.12.34.56.78"), ("06|12|34|56|78", "06|12|34|56|78"), ("06ー1234ー5678", "06-1234-5678"),
        ("06⁃12⁃34⁃56⁃78", "06-12-34-56-78"), ("'0612345678", "0612345678"),
        # words beside a number stay where no label is
        *((number, number) for number in (
            "Domicile : 01 23 45 67 89", "N° 01 23 45 67 89", "Handy: 0170 1234567", "06 12 34 56 78 - bureau", "06 12 34 56 78 [perso]",
            "06 12 34 56 78 perso", "06 12 34 56 78 (le soir, après 18 h)", "01 23 45 67 89 extension 123", "01 23 45 67 89 p. 123",
            "01 23 45 67 89 #123", "01 23 45 67 89,123#", "01 23 45 67 89 ou 06 12 34 56 78", "01 23 45 67 89; +32 470 12 34 56", "#31#0612345678", "*67 555 1234",
        )),
        ("Tél. 06 12 34 56 78", "06 12 34 56 78"), ("Mobile 06 12 34 56 78", "06 12 34 56 78"), ("☎ 06 12 34 56 78", "06 12 34 56 78"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_given_unless_it_carries_its_country(
    people: People, take_in: TakeIn, given: str, shown: str
) -> None:
    people.customer()
    assert not take_in(record("phone_number", "P-1", {"number": given}, CAMILLE, source="platform"))
    held = db.session.execute(select(Record)).scalar_one()
    kind = installed_data_map().kinds["phone_number"]
    assert kind.format_value("number", held.values["number"], "fr").replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    "sent",
    ["4111 1111 1111 1111", "٤١١١ ١١١١ ١١١١ ١١١١", "４１１１１１１１１１１１１１１１", "Tél. : 4111-1111-1111-1111", "(4111) 1111 1111 1111",
     "abc", "+", "0", "06 12 34 56 7O", "1" * 40, "", "=1+1", "javascript:06", "+33 6 12 (<script>)", "06+12", "+4111 1111 1111 1111", "0612;x=1;DROP",
     "Visa 4111 1111 1111 1111", "4111 1111 1111 1111 perso", "4111|1111|1111|1111", "4111·1111·1111·1111", "Domicile : (4111) 1111 1111 1111", "4111 1111; 1111 1111"],
)  # fmt: skip
def test_what_is_no_number_or_the_number_of_a_card_is_refused(people: People, take_in: TakeIn, sent: str) -> None:
    people.customer()
    refused = take_in(record("phone_number", "P-1", {"number": sent}, CAMILLE, source="platform"))
    assert [line.field for line in refused] == ["values.number"]


@pytest.mark.parametrize(
    ("sent", "normalised"),
    [
        ("jean.dupont.@docomo.ne.jp", "jean.dupont.@docomo.ne.jp"),
        ('"jean dupont"@example.org', '"jean dupont"@example.org'),
        ("mailto:Jean@example.org", "jean@example.org"),
        ("\u200bjean@example.org.", "jean@example.org"),
        ("pelé@例え.jp", "pelé@xn--r8jz45g.jp"),
        (".jean@example.org", ".jean@example.org"),
        ("jean..dupont@ezweb.ne.jp", "jean..dupont@ezweb.ne.jp"),
        ('"jean@home"@example.org', '"jean@home"@example.org'),
        ("Jean Dupont <Jean@Example.org>", "jean@example.org"),
        ("<mailto:jean@example.org?subject=x>", "jean@example.org"),
        ("mailto:jean%2Bx%40example.org", "jean+x@example.org"),
        ("\ufeffjean@example.org。", "jean@example.org"),
        ("jean@example.org…", "jean@example.org"),
        ("ｊｅａｎ＠ｅｘａｍｐｌｅ．ｏｒｇ", "jean@example.org"),
        ("jean @ example.org", "jean@example.org"),
        ("jean\u00a0@\u00a0example.org\u00a0", "jean@example.org"),
        ("o’neill@example.org", "o’neill@example.org"),
        *(
            (form.format("jean@example.org"), "jean@example.org")
            for form in (
                "{}>",
                "<{}",
                "<<{}>>",
                "‹{}›",
                "„{}“",
                "「{}」",
                "【{}】",
                "{}、",
                "{}؟",
                "`{}`",
                "*{}*",
                "_{}_",
                "|{}|",
                "- {}",
                "• {}",
                "✉ {}",
                "E-mail : {}",
                "Courriel : {}",
                "Adresse e-mail : {}",
                "smtp:{}",
                "mailto://{}",
                "mailto:%3C{}%3E",
                "&lt;{}&gt;",
                "{}&nbsp;",
                "{} (perso)",
                "{} (Jean Dupont)",
                "Jean Dupont ({})",
                "Jean Dupont [mailto:{}]",
                "<{}> (home)",
                "E-mail : <{}>.",
            )
        ),
        ("jean(at)example.org", "jean@example.org"),
        ("jean [at] example.org", "jean@example.org"),
        ("_jean@example.org", "_jean@example.org"),
        ("*jean*@example.org", "*jean*@example.org"),
        ("user%x+y/z=1@example.org", "user%x+y/z=1@example.org"),
        ("Ünïcode@exämple.org", "ünïcode@xn--exmple-cua.org"),
    ],
)
def test_an_unusual_address_is_kept(take_in: TakeIn, sent: str, normalised: str) -> None:
    assert not take_in(customer("X-13", email=sent))
    assert db.session.execute(select(Customer.email_normalised)).scalar_one() == normalised
    assert not take_in(record("email_address", "E-1", {"address": sent}, "X-13"))


@pytest.mark.parametrize(
    "sent",
    ["jean dupont@example.org", "Jean jean@example.org", "jean@example.org, paul@example.org", "jean@example.org (paul@example.org)",
     "Jean <jean@example.org>, Paul <paul@example.org>", "jean@example .org", "jean@example,org", "[jean@example.org](mailto:paul@example.org)"],
)  # fmt: skip
def test_of_which_address_is_meant_nothing_is_guessed(take_in: TakeIn, sent: str) -> None:
    assert [line.field for line in take_in(customer("X-13", email=sent))] == ["email"]


@pytest.mark.parametrize("sent", ["\u200b", "\u3164", "\u2800", "\ufeff\u00ad", "\u115f"])
def test_what_shows_nothing_is_nothing(take_in: TakeIn, sent: str) -> None:
    refused = take_in(
        customer("X-1", given_name=sent, email=None), customer(sent), invoice("F-1", source=sent, of="X-1")
    )
    assert [(line.line, line.field) for line in refused] == [(2, "external_id"), (3, "source")]
    assert db.session.execute(select(Customer.given_name)).scalar_one() == ""


@pytest.mark.parametrize(
    ("sent", "known", "shown"),
    [
        ("1988-00-00", "1988", "1988"), ("1988-05-00", "1988-05", "mai 1988"), ("1988", "1988", "1988"),
        ("1988-05", "1988-05", "mai 1988"), ("1988-XX-XX", "1988", "1988"), ("0000-00-00", None, None), (None, None, None),
        ("1988-00-15", "1988", "1988"), ("1988-XX-15", "1988", "1988"), ("1988-05-??", "1988-05", "mai 1988"), ("1988-??-??", "1988", "1988"),
        ("1988-00", "1988", "1988"), ("0000-05-03", None, None), ("XXXX-05-03", None, None), ("--05-03", None, None), ("198X", None, None),
        ("19??-00-00", None, None), ("1900-00-00", "1900", "1900"), ("????-??-??", None, None),
    ],
)  # fmt: skip
def test_a_birth_known_in_part_is_kept_and_shown(
    people: People, take_in: TakeIn, sent: str | None, known: str | None, shown: str | None
) -> None:
    browser = people.signed_in()
    assert not take_in(customer(CAMILLE, email="camille@example.org", birth_date=sent))
    camille = db.session.execute(select(Customer)).scalar_one()
    assert (camille.birth_date, camille.birth_known) == (None, known)
    assert (f"Date de naissance {shown}" in browser.get("/data/identity/in-full").text) is bool(shown)
    assert not take_in(customer(CAMILLE, email="camille@example.org", birth_date="1988-05-02"))
    db.session.rollback()
    assert db.session.execute(select(Customer.birth_date)).scalar_one() == date(1988, 5, 2)


@pytest.mark.parametrize(
    "sent",
    ["1988-13-00", "1788-00-00", "9999-00-00", "88-00-00", "2199-00-00", "1988-00-04x", "1988-02-30", "1900-02-29", "1988-W10",
     "1988-00-32", "١٩٨٨-٠٥", "1988W10", "0000-13-01", "1899-12-00", "1988-04-31", "--13-01", "198X-02-30x", "20XX-00-00-00"],
)  # fmt: skip
def test_what_is_no_birth_is_refused(take_in: TakeIn, sent: str) -> None:
    assert [line.field for line in take_in(customer("X-1", birth_date=sent))] == ["birth_date"]


def test_days_known_in_part_differ_only_where_both_are_known() -> None:
    assert may_be_same_day("1988", "1988-05-02") and may_be_same_day("1988-05", "1988-05-02")
    assert not may_be_same_day("1988-04", "1988-05-02") and not may_be_same_day("1987", "1988")


@pytest.mark.parametrize(
    ("sent", "kept"), [("de", "fr"), ("en-GB", "en"), ("FR", "fr"), ("", "fr"), (None, "fr"), (7, "fr")]
)
def test_a_language_that_the_portal_does_not_speak_costs_nobody(take_in: TakeIn, sent: object, kept: str) -> None:
    line = customer("X-1", language=sent)
    assert not take_in(line)
    assert db.session.execute(select(Customer.language)).scalar_one() == kept
