"""Build a mail whose headers hold only what we meant them to hold."""

import re
import unicodedata
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage

import css_inline

from portal import clock
from portal.infrastructure.addresses import MAX_ADDRESS_LENGTH

_ADDRESS = re.compile(r"""(?:[^\s@<>()\[\],;:"\\]{1,64}|"[^"\\\r\n]{1,62}")@[^\s@<>()\[\],;:"\\]+""")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+-]{1,100}@[A-Za-z0-9.-]{1,100}>")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_UNSUBSCRIBE = re.compile(r"https?://[^\s<>,]{1,900}")
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class UnsafeMail(ValueError):
    """A part of the mail could add a header, a recipient or a body that nobody wrote. The text names the part only."""


def build_message(
    *,
    to: str,
    sender: str,
    subject: str,
    text: str,
    message_id: str,
    language: str,
    html: str | None = None,
    reply_to: str | None = None,
    unsubscribe_url: str | None = None,
    date: datetime | None = None,
) -> EmailMessage:
    """Return a mail to exactly one address.

    Args:
        to, reply_to: bare addresses.
        sender: a bare address, or `Organisation <address>`.
        html: a whole document; its style sheet is written into the elements, since many readers drop it.
        message_id: `<token@host>`, the same at every try, so that a mail accepted twice shows once.
        language: `fr` or `en`, for Content-Language.
        unsubscribe_url: only for marketing; adds the one-click pair of RFC 8058.
        date: aware instant, now by default.

    Raises:
        UnsafeMail: a part holds a line break or a control character, or is no single address.
    """
    recipient, (name, address) = _checked_address("to", to), _sender(sender)
    addresses = [recipient, address]
    if reply_to is not None:
        addresses.append(_checked_address("reply_to", reply_to))
    # RFC 6532 only where an address needs it: not every relay understands it.
    international = not all(each.isascii() for each in addresses)
    message = EmailMessage(policy=policy.SMTPUTF8 if international else policy.SMTP)
    message["From"] = _mailbox(address, name)
    message["To"] = _mailbox(recipient)
    if reply_to is not None:
        message["Reply-To"] = _mailbox(reply_to)
    message.set_raw("Subject", _encoded(_line("subject", subject)))
    message["Date"] = date or clock.now()
    message["Message-ID"] = _matching("message_id", message_id, _MESSAGE_ID)
    # RFC 3834: nobody's holiday notice should answer this.
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{_matching('unsubscribe_url', unsubscribe_url, _UNSUBSCRIBE)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # Quoted-printable passes relays that do not announce 8BITMIME.
    message.set_content(_body("text", text), cte="quoted-printable")
    if html is not None:
        styled = _INLINER.inline(_body("html", html))
        message.add_alternative(styled, subtype="html", cte="quoted-printable")
    # Last, since setting the content removes every Content- header.
    message["Content-Language"] = _matching("language", language, _LANGUAGE)
    return message


def _mailbox(address: str, name: str = "") -> Address:
    username, _, domain = address.rpartition("@")
    return Address(name, username.strip('"'), domain)  # which quotes what has to be quoted


def _sender(sender: str) -> tuple[str, str]:
    # Not email.utils.parseaddr: an organisation's name may hold commas and parentheses, unquoted.
    name, bracket, address = _line("sender", sender).rpartition("<")
    if not bracket:
        return "", _checked_address("sender", sender)
    if not address.endswith(">"):
        raise UnsafeMail("sender is not a name and an address in angle brackets")
    return name.strip(), _checked_address("sender", address[:-1])


def _checked_address(part: str, address: str) -> str:
    if len(address) > MAX_ADDRESS_LENGTH:
        raise UnsafeMail(f"{part} is too long for an address")
    return _matching(part, address, _ADDRESS)


def _matching(part: str, value: str, pattern: re.Pattern[str]) -> str:
    if pattern.fullmatch(_line(part, value)) is None:
        raise UnsafeMail(f"{part} does not look as it should")
    return value


def _line(part: str, value: str) -> str:
    # Zl and Zp too: the standard library takes U+2028 and U+2029 for line ends. Cs cannot be encoded.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise UnsafeMail(f"{part} holds a line break or a control character")
    return value


def _encoded(subject: str) -> str:
    # As one run of encoded words: folding by the policy loses the space between two of them (Python 3.11).
    return subject if subject.isascii() else Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _body(part: str, value: str) -> str:
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise UnsafeMail(f"{part} holds a character that a mail cannot carry")
    return "\n".join(value.replace("\r\n", "\n").split("\r"))
