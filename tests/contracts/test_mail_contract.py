"""Both ways out hand a mail over once it is safe, and tell a refusal from a delay."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.infrastructure.mail.contract import MailDelayed, MailRefused, MailTransport
from portal.infrastructure.mail.message import build_message
from portal.infrastructure.mail.transport import transport_from_url
from tests.support.servers.ports import free_port


def mail(identifier: str = "abc123", **changes: Any) -> EmailMessage:
    parts: dict[str, Any] = {
        "to": "camille@example.org",
        "sender": "Netkin <vie-privee@netkin.example>",
        "subject": "Votre demande est enregistrée",
        "text": "Bonjour Camille,\n.\nLa référence est dans le portail.\n",
        "html": "<html lang=fr><body><p>Bonjour Camille,</p></body></html>",
        "message_id": f"<{identifier}@portal.example>",
        "language": "fr",
    }
    return build_message(**(parts | changes))


class Mailbox:
    """A mail server's handler that keeps what it accepts, and answers as it is told."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.hangs = False
        self.closes = False
        self.over = threading.Event()

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.answers.get("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        while self.hangs and not self.over.is_set():
            await asyncio.sleep(0.02)
        if self.closes:
            server.transport.abort()
            return "250 never read"
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.accepted.append(envelope)
        return answer

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(bytes(each.content or b""), policy=policy.default) for each in self.accepted]


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
    is_right = login.login == b"portal" and login.password == b"p@ss/word"
    return AuthResult(success=is_right, handled=False)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def serve(mailbox: Mailbox) -> Iterator[Callable[..., int]]:
    """Start a mail server on a free loopback port and return the port."""
    controllers: list[Controller] = []

    def start(**options: Any) -> int:
        port = free_port()
        controllers.append(Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60, **options))
        controllers[-1].start()
        return port

    yield start
    mailbox.over.set()
    for controller in controllers:
        controller.stop()


@pytest.fixture(params=["console", "smtp"])
def outlet(
    request: pytest.FixtureRequest, tmp_path: Path, mailbox: Mailbox, serve: Callable[..., int]
) -> tuple[MailTransport, Callable[[], list[EmailMessage]]]:
    """A transport, and a way to read what it handed over."""
    if request.param == "smtp":
        return transport_from_url(f"smtp://127.0.0.1:{serve()}"), mailbox.messages

    def files() -> list[EmailMessage]:
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted((tmp_path / "mail").glob("*.eml"))
        ]

    return transport_from_url(f"console:{tmp_path}/mail"), files


def test_a_mail_arrives_as_it_was_built(
    outlet: tuple[MailTransport, Callable[[], list[EmailMessage]]],
) -> None:
    transport, arrived = outlet
    transport.send(mail())
    (message,) = arrived()
    assert message["To"] == "camille@example.org"
    assert message["From"] == "Netkin <vie-privee@netkin.example>"
    assert message["Subject"] == "Votre demande est enregistrée"
    assert message["Message-ID"] == "<abc123@portal.example>"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Bonjour Camille,", ".", "La référence est dans le portail."]


def test_a_second_send_of_one_mail_can_be_recognised(
    outlet: tuple[MailTransport, Callable[[], list[EmailMessage]]],
) -> None:
    transport, arrived = outlet
    for _ in range(2):
        transport.send(mail())
    assert {message["Message-ID"] for message in arrived()} == {"<abc123@portal.example>"}


def test_two_mails_stay_two(outlet: tuple[MailTransport, Callable[[], list[EmailMessage]]]) -> None:
    transport, arrived = outlet
    for identifier in ("a+b", "a_b", "a.b", "A_B"):
        transport.send(mail(identifier))
    assert len(arrived()) == 4


def test_an_international_address_is_handed_over(
    outlet: tuple[MailTransport, Callable[[], list[EmailMessage]]],
) -> None:
    transport, arrived = outlet
    transport.send(mail(to="zoë@example.org"))
    address = str(arrived()[0]["To"].addresses[0])
    # The standard library reads the bytes of such a header back as surrogates.
    assert address.encode("utf-8", "surrogateescape") == "zoë@example.org".encode()


def test_the_console_writes_one_private_file_and_one_line(tmp_path: Path, capsys: Any) -> None:
    transport = transport_from_url(f"console:{tmp_path}/mail")
    for _ in range(2):
        transport.send(mail())
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == "abc123@portal.example.eml"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"mail to c…@example.org: Votre demande est enregistrée ({path})\n"


def test_the_console_without_a_folder_only_prints(capsys: Any) -> None:
    transport_from_url("console:").send(mail())
    assert capsys.readouterr().err == "mail to c…@example.org: Votre demande est enregistrée\n"


def test_a_mail_folder_that_cannot_be_written_delays_the_mail(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(MailDelayed):
        transport_from_url(f"console:{tmp_path}/mail").send(mail())


def test_the_server_gets_one_recipient_and_our_address(mailbox: Mailbox, serve: Callable[..., int]) -> None:
    transport_from_url(f"smtp://127.0.0.1:{serve()}").send(mail())
    (envelope,) = mailbox.accepted
    assert (envelope.mail_from, envelope.rcpt_tos) == ("vie-privee@netkin.example", ["camille@example.org"])


@pytest.mark.parametrize(
    ("step", "answer", "expected", "text"),
    [
        ("RCPT", "550 5.1.1 <camille@example.org> is unknown", MailRefused, "550 5.1.1"),
        ("DATA", "554 5.7.1 camille@example.org does not want this", MailRefused, "554 5.7.1"),
        ("MAIL", "552 5.3.4 too big", MailRefused, "552 5.3.4"),
        ("RCPT", "451 4.7.1 camille@example.org later", MailDelayed, "451 4.7.1"),
        ("DATA", "451 later", MailDelayed, "451"),
        ("DATA", "421 4.3.2 going down", MailDelayed, "421 4.3.2"),
        ("MAIL", "451 later", MailDelayed, "our address was refused: 451"),
        (
            "MAIL",
            "550 5.7.1 vie-privee@netkin.example may not send",
            MailDelayed,
            "our address was refused: 550",
        ),
    ],
)
def test_a_refusal_is_told_from_a_delay_without_repeating_an_address(
    mailbox: Mailbox,
    serve: Callable[..., int],
    step: str,
    answer: str,
    expected: type[Exception],
    text: str,
) -> None:
    mailbox.answers[step] = answer
    transport = transport_from_url(f"smtp://127.0.0.1:{serve()}?timeout=60")
    with pytest.raises(expected) as outcome:
        transport.send(mail())
    assert str(outcome.value) == text
    assert mailbox.accepted == []
    mailbox.answers.clear()
    transport.send(mail())
    assert len(mailbox.accepted) == 1


def test_a_server_that_hangs_after_the_mail_delays_it_in_bounded_time(
    mailbox: Mailbox, serve: Callable[..., int]
) -> None:
    mailbox.hangs = True
    transport = transport_from_url(f"smtp://127.0.0.1:{serve()}?timeout=0.5")
    started = time.monotonic()
    with pytest.raises(MailDelayed):
        transport.send(mail())
    assert time.monotonic() - started < 5


def test_a_server_that_breaks_off_delays_the_mail(mailbox: Mailbox, serve: Callable[..., int]) -> None:
    mailbox.closes = True
    with pytest.raises(MailDelayed):
        transport_from_url(f"smtp://127.0.0.1:{serve()}?timeout=60").send(mail())


def test_a_server_that_is_down_or_silent_delays_the_mail() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(MailDelayed):
            transport_from_url(f"smtp://127.0.0.1:{port}?timeout=1").send(mail())
        silent.listen()
        with pytest.raises(MailDelayed):
            transport_from_url(f"smtp://127.0.0.1:{port}?timeout=0.5").send(mail())


def test_a_server_that_dies_at_our_goodbye_does_not_undo_an_accepted_mail(mailbox: Mailbox) -> None:
    """Taking that for a failure would send the mail twice."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept_and_vanish, args=(listener,))
        thread.start()
        transport_from_url(f"smtp://127.0.0.1:{listener.getsockname()[1]}?timeout=60").send(mail())
        thread.join()


def _accept_and_vanish(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as stream:
        stream.write(b"220 ready\r\n")
        stream.flush()
        in_data = False
        for line in stream:
            if in_data and line != b".\r\n":
                continue
            answer = b"250 OK\r\n"
            if line.upper().startswith(b"DATA"):
                in_data, answer = True, b"354 go on\r\n"
            stream.write(answer)
            stream.flush()
            if in_data and line == b".\r\n":
                return


def test_an_international_address_is_refused_by_a_server_that_cannot_carry_it(
    serve: Callable[..., int],
) -> None:
    with pytest.raises(MailRefused):
        transport_from_url(f"smtp://127.0.0.1:{serve(enable_SMTPUTF8=False)}").send(mail(to="zoë@example.org"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def tls_server(serve: Callable[..., int], certificate: Path) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return serve(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)


def test_a_password_goes_through_a_checked_tls_connection(
    mailbox: Mailbox, serve: Callable[..., int], certificate: Path
) -> None:
    port = tls_server(serve, certificate)
    transport_from_url(f"smtp://portal:p%40ss%2Fword@localhost:{port}?starttls=1&cafile={certificate}").send(mail())
    assert len(mailbox.accepted) == 1


def test_our_own_faults_delay_mails_and_lose_none(
    mailbox: Mailbox, serve: Callable[..., int], certificate: Path
) -> None:
    port = tls_server(serve, certificate)
    wrong_password = f"smtp://portal:wrong@localhost:{port}?starttls=1&cafile={certificate}"
    untrusted = f"smtp://portal:p%40ss%2Fword@localhost:{port}?starttls=1"
    wrong_name = f"smtp://portal:p%40ss%2Fword@127.0.0.1:{port}?starttls=1&cafile={certificate}"
    no_tls_there = f"smtp://localhost:{serve()}?starttls=1"
    for url in (wrong_password, untrusted, wrong_name, no_tls_there):
        with pytest.raises(MailDelayed) as outcome:
            transport_from_url(f"{url}&timeout=60").send(mail())
        assert "wrong" not in str(outcome.value)
    assert mailbox.accepted == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:x",
        "smtp://portal:specimen@mail.example",
        "smtp://portal:specimen@mail.example?starttls=0",
        "smtp://mail.example?specimen=1",
        "smtp://mail.example?timeout=0",
        "smtp://mail.example/specimen",
        "smtps://mail.example?cafile=/nowhere/specimen.pem",
        "console:relative",
        "console://host/folder",
    ],
)
def test_a_url_that_names_no_way_out_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="mail URL") as fault:
        transport_from_url(url)
    assert "specimen" not in str(fault.value)
