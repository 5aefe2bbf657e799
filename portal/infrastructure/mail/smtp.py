"""Send mails through a mail server, and tell its refusals apart: for good, or worth another try."""

import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage

from portal.infrastructure.mail.contract import MailDelayed, MailRefused

_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


class SmtpTransport:
    """Sends each mail over a connection of its own, so that a broken one cannot hold up or double the next mail."""

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        implicit_tls: bool = False,
        starttls: bool = False,
        username: str | None = None,
        password: str = "",
        cafile: str | None = None,
        helo: str | None = None,
        timeout: float = 30,
    ) -> None:
        self._host = host
        self._port = port or (465 if implicit_tls else 587 if starttls else 25)
        self._implicit_tls = implicit_tls
        self._starttls = starttls
        self._username = username
        self._password = password
        self._helo = helo
        self._timeout = timeout
        self._trust = _trust(cafile) if implicit_tls or starttls else None

    def send(self, message: EmailMessage) -> None:
        sender = message["From"].addresses[0].addr_spec
        recipient = message["To"].addresses[0].addr_spec
        client = self._connect(self._helo or sender.rpartition("@")[2])
        try:
            client.send_message(message, sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refusal:
            raise _verdict(*refusal.recipients[recipient]) from None
        except smtplib.SMTPDataError as refusal:
            raise _verdict(refusal.smtp_code, refusal.smtp_error) from None
        except smtplib.SMTPSenderRefused as refusal:
            # 552 is about this mail's size. Any other refusal of our own address is a setting to repair,
            # for which the mails should wait rather than be lost.
            if refusal.smtp_code == 552:
                raise _verdict(refusal.smtp_code, refusal.smtp_error) from None
            raise MailDelayed(f"our address was refused: {_code(refusal.smtp_code, b'')}") from None
        except smtplib.SMTPNotSupportedError:
            raise MailRefused("the mail server does not accept international addresses") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(f"the connection broke: {type(error).__name__}") from None
        finally:
            # By now the mail was accepted or not: a fault while we say goodbye changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def _connect(self, helo: str) -> smtplib.SMTP:
        try:
            client = self._open(helo)
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(f"no connection to the mail server: {type(error).__name__}") from None
        try:
            if self._starttls:
                client.starttls(context=self._trust)
            if self._username is not None:
                client.login(self._username, self._password)
        except (smtplib.SMTPException, OSError) as error:
            # A wrong password (5xx) too: it is ours to repair, and the mail itself is not refused.
            client.close()
            raise MailDelayed(f"the mail server did not let us in: {type(error).__name__}") from None
        return client

    def _open(self, helo: str) -> smtplib.SMTP:
        # Our name is given, since the library would otherwise ask the DNS for it, which may take long.
        if self._implicit_tls:
            return smtplib.SMTP_SSL(self._host, self._port, helo, timeout=self._timeout, context=self._trust)
        return smtplib.SMTP(self._host, self._port, helo, timeout=self._timeout)


def _trust(cafile: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if cafile is not None:
            context.load_verify_locations(cafile)
    except OSError as error:
        raise ValueError("the cafile of the mail URL cannot be read as certificates") from error
    return context


def _verdict(code: int, reply: bytes | str) -> MailRefused | MailDelayed:
    kind = MailRefused if 500 <= code < 600 else MailDelayed
    return kind(_code(code, reply))


def _code(code: int, reply: bytes | str) -> str:
    found = _ENHANCED.search(reply.encode() if isinstance(reply, str) else reply)
    return f"{code} {found[0].decode()}" if found else str(code)
