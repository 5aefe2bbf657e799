"""A mail holds the headers that we wrote and no other, whatever people typed."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.infrastructure.mail.message import UnsafeMail, build_message


def built(**changes: Any) -> EmailMessage:
    parts: dict[str, Any] = {
        "to": "camille@example.org",
        "sender": "Netkin, Paris (France) <vie-privee@netkin.example>",
        "reply_to": "dpo@netkin.example",
        "subject": "Nous avons reçu votre demande — référence 2026-0042",
        "text": "Bonjour Camille,\n\nVotre demande est enregistrée.\n",
        "message_id": "<abc123@portal.example>",
        "language": "fr",
        "date": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    }
    return build_message(**(parts | changes))


def received(message: EmailMessage) -> EmailMessage:
    """What a reader makes of the bytes."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def test_a_reader_finds_every_part_as_it_was_meant() -> None:
    mail = received(built(html="<html lang=fr><body><p>Bonjour Camille,</p></body></html>"))
    assert [str(each) for each in mail["To"].addresses] == ["camille@example.org"]
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Netkin, Paris (France)", "vie-privee@netkin.example")
    assert mail["Reply-To"] == "dpo@netkin.example"
    assert mail["Subject"] == "Nous avons reçu votre demande — référence 2026-0042"
    assert mail["Message-ID"] == "<abc123@portal.example>"
    assert mail["Date"].datetime == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert mail["Content-Language"] == "fr"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    text, html = mail.iter_parts()
    assert text.get_content().splitlines() == ["Bonjour Camille,", "", "Votre demande est enregistrée."]
    assert "<p>Bonjour Camille,</p>" in html.get_content()


WORDS = st.text("ae é’", min_size=1, max_size=90).map(lambda text: "Objet " + " ".join(text.split(" ")).strip() + "é")


@example("DR-2026-00001 : nous avons votre demande, et devons vérifier qu’elle vient de vous")
@example("DR-2026-00001\u00a0: nous avons votre demande, et devons vérifier qu’elle vient de vous")
@given(WORDS)
@settings(max_examples=200)
def test_a_subject_reads_as_it_was_written(subject: str) -> None:
    """The email package of Python 3.11 loses the space between two words with accents where a line is folded."""
    data = built(subject=subject).as_bytes()
    assert message_from_bytes(data, policy=policy.default)["Subject"] == subject
    assert str(make_header(decode_header(message_from_bytes(data)["Subject"]))) == subject


def test_every_line_is_short_ascii_with_network_line_ends() -> None:
    data = built(subject="é" * 200, text="é" * 5000, html=f"<p>{'é' * 5000}</p>").as_bytes()
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert max(len(line) for line in data.split(b"\r\n")) <= 998


def test_marketing_can_be_left_with_one_click() -> None:
    mail = received(built(unsubscribe_url="https://portal.example/unsubscribe/AbC-123_x"))
    assert mail["List-Unsubscribe"] == "<https://portal.example/unsubscribe/AbC-123_x>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_style_sheet_is_written_into_the_elements() -> None:
    html = """<html><head><style>p { color: #123456 } @media print { p { color: #654321 } }</style></head>
    <body><p>Bonjour</p></body></html>"""
    body = received(built(html=html)).get_body(("html",))
    assert body is not None
    assert 'style="color: #123456;"' in body.get_content()
    assert "@media" in body.get_content()


def test_a_style_sheet_elsewhere_is_never_fetched() -> None:
    html = '<html><head><link rel="stylesheet" href="file:///etc/passwd"></head><body><p>x</p></body></html>'
    body = received(built(html=html)).get_body(("html",))
    assert body is not None
    assert "root:" not in body.get_content()


BREAKS = [
    "\r\nBcc: thief@example.net",
    "\nX: y",
    "\rX: y",
    "\0",
    "\x0b",
    "\x1c",
    "\x85",
    "\u2028x",
    "\u2029x",
    "\ud800",
]


@pytest.mark.parametrize("part", ["to", "sender", "reply_to", "subject", "message_id", "language", "unsubscribe_url"])
@pytest.mark.parametrize("rest", BREAKS)
def test_a_line_break_or_control_character_is_refused_in_every_header(part: str, rest: str) -> None:
    values = {
        "subject": "Votre demande",
        "message_id": "<abc123@portal.example>",
        "language": "fr",
        "unsubscribe_url": "https://portal.example/u",
        "sender": "Netkin",
    }
    value = values.get(part, "camille@example.org")
    ending = " <vie-privee@netkin.example>" if part == "sender" else ""
    with pytest.raises(UnsafeMail) as fault:
        built(**{part: value + rest + ending})
    assert "thief" not in str(fault.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "camille",
        "@example.org",
        "camille@",
        "camille@example.org, thief@example.net",
        "camille@example.org;thief@example.net",
        "camille@example.org>",
        "Camille <camille@example.org>",
        "a@b@example.org",
        "camille@example.org (x)",
        "team:camille@example.org;",
        "c" * 65 + "@example.org",
        "camille@" + "x" * 250 + ".org",
    ],
)
def test_exactly_one_address_is_accepted(address: str) -> None:
    with pytest.raises(UnsafeMail):
        built(to=address)
    with pytest.raises(UnsafeMail):
        built(reply_to=address)


@pytest.mark.parametrize("sender", ["Netkin", "Netkin <vie-privee@netkin.example", "Netkin <>", "<a@b.c> <x"])
def test_a_sender_without_a_proper_address_is_refused(sender: str) -> None:
    with pytest.raises(UnsafeMail):
        built(sender=sender)


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_a_body_that_no_mail_can_carry_is_refused(character: str) -> None:
    with pytest.raises(UnsafeMail):
        built(text=f"a{character}b")
    with pytest.raises(UnsafeMail):
        built(html=f"a{character}b")


def test_a_name_with_accents_and_quotes_stays_one_sender() -> None:
    mail = received(built(sender='Société "Générale" d’Éditions <vie-privee@netkin.example>'))
    (sender,) = mail["From"].addresses
    assert sender.display_name == 'Société "Générale" d’Éditions'


def test_an_international_address_is_carried_as_it_is() -> None:
    assert "\r\nTo: zoë@example.org\r\n".encode() in built(to="zoë@example.org").as_bytes()


@pytest.mark.parametrize(
    "text", ["{{ 7 * 7 }} %s %(name)s {0.__class__}", "From here\n.\nto there\n..\n", "a\rb\r\nc\n"]
)
def test_what_people_typed_comes_through_as_text(text: str) -> None:
    content = received(built(text=text)).get_content()
    assert content.splitlines() == text.splitlines()


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ('"camille x"@example.org', '"camille x"@example.org'),
        ("camille.@docomo.ne.jp", "camille.@docomo.ne.jp"),
        ("camille@example.org", "camille@example.org"),
    ],
)
def test_an_unusual_address_is_written_once(address: str, header: str) -> None:
    assert built(to=address)["To"] == header
