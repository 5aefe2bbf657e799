"""Choose the transport of mails: a mail server, or the terminal and a folder where no mail should really be sent."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.infrastructure.mail.console import ConsoleTransport
from portal.infrastructure.mail.contract import MailTransport
from portal.infrastructure.mail.smtp import SmtpTransport

_OPTIONS = frozenset({"starttls", "cafile", "helo", "timeout"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def transport_from_url(url: str) -> MailTransport:
    """Return the transport that a PORTAL_MAIL_URL names.

    Args:
        url: `console:` (terminal) or `console:/absolute/folder` (terminal, and one .eml file each), or
            `smtp://user:password@host:port?starttls=1`, or `smtps://…`. Options: `starttls`, `cafile` (a PEM file to
            trust besides the system's), `helo` (our name), `timeout` (seconds for each step, 30 by default).

    Raises:
        ValueError: it is none of these. The text does not repeat the URL, which may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        folder = unquote(parts.path)
        if parts.netloc or (folder and not Path(folder).is_absolute()):
            raise ValueError("a console mail URL is console: or console: and an absolute folder")
        return ConsoleTransport(Path(folder) if folder else None)
    if parts.scheme in {"smtp", "smtps"}:
        return _smtp_transport(url)
    raise ValueError("the mail URL must begin with console:, smtp:// or smtps://")


def _smtp_transport(url: str) -> MailTransport:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not set(options) <= _OPTIONS:
        raise ValueError(f"a mail URL knows these options only: {', '.join(sorted(_OPTIONS))}")
    try:
        port, timeout = parts.port, float(options.get("timeout", 30))
    except ValueError:
        raise ValueError("the port and the timeout of a mail URL are numbers") from None
    if not parts.hostname or parts.path not in {"", "/"} or not timeout > 0:
        raise ValueError("a mail URL is smtp://user:password@host:port?starttls=1")
    starttls = options.get("starttls", "0") == "1"
    if parts.scheme == "smtp" and parts.username and not starttls and parts.hostname not in _LOOPBACK:
        raise ValueError("a mail URL with a password needs smtps:// or starttls=1, or it would travel in clear")
    return SmtpTransport(
        parts.hostname,
        port,
        implicit_tls=parts.scheme == "smtps",
        starttls=starttls,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        cafile=options.get("cafile"),
        helo=options.get("helo"),
        timeout=timeout,
    )
