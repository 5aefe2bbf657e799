"""Queue a mail in the current transaction; the worker renders it in the recipient's language and sends it."""

from collections.abc import Callable
from typing import Any

from flask import render_template
from flask_babel import force_locale
from sqlalchemy import update

from portal import clock
from portal.bilingual import Label, forget_times, unbroken, unbroken_page
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.infrastructure.mail.contract import MailRefused, MailTransport
from portal.infrastructure.mail.message import build_message
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.infrastructure.one_time_tokens import code_of, write_token

_PARTS = ("subject.txt", "txt", "html")
REMOVED_LINK = Label(
    fr="[lien à usage unique, retiré de cette copie]", en="[link that works once, taken out of this copy]"
)
REMOVED_CODE = Label(
    fr="[code à usage unique, retiré de cette copie]", en="[code that works once, taken out of this copy]"
)

Listener = Callable[[Mail], None]
_on_accepted: list[Listener] = []


def on_accepted(listener: Listener) -> Listener:
    """Register what happens in the transaction that notes that the mail server took a mail."""
    _on_accepted.append(listener)
    return listener


def queue_mail(
    template: str,
    to_address: str,
    language: str,
    *,
    customer_id: int | None = None,
    lane: Lane = Lane.MAIN,
    **context: Any,
) -> Mail:
    """Add a mail and the job that sends it to the current transaction, and return the mail.

    Args:
        template: `<domain>/<name>`, found as `email/<domain>/<name>.{subject.txt,txt,html}`.
        lane: that of its job; what a stranger caused goes in theirs.
        context: what the templates need: first name, reference, dates, public ids. A single-use link is given as
            `token_purpose` and `token_id`. Its secret half is made when the mail is rendered, and never stored.
    """
    mail = Mail(
        template=template, to_address=to_address, language=language, customer_id=customer_id, context=dict(context)
    )
    db.session.add(mail)
    db.session.flush()
    enqueue("mail.send", mail_id=mail.id, lane=lane)
    return mail


@job("mail.send")
def send_mail(run: JobRun, mail_id: int) -> None:
    """Send one mail. A second run sends the same Message-ID, by which servers and readers drop the copy."""
    mail = db.session.get(Mail, mail_id)
    if mail is None or mail.status is not MailStatus.WAITING:
        return  # sent by a run that was killed, or gone with an erasure
    transport: MailTransport = installed.mail_transport()
    message = render_mail(mail)
    db.session.rollback()
    status = MailStatus.SENT
    try:
        transport.send(message)
    except MailRefused:
        status = MailStatus.REFUSED
    with run.finish() as session:
        session.execute(update(Mail).where(Mail.id == mail_id).values(status=status, sent_at=clock.now()))
        if status is MailStatus.SENT:
            for listener in _on_accepted:
                listener(session.get_one(Mail, mail_id))


def _part(template: str, context: dict[str, Any]) -> str:
    forget_times()
    return render_template(template, **context)


def text_again(mail: Mail) -> str:
    """Return the text of a mail for a copy, with words in place of a link or code that works only once.

    Raises:
        TemplateError: its template is no more, or needs what the row does not have.
    """
    words = {"token": REMOVED_LINK.text(mail.language), "code": REMOVED_CODE.text(mail.language)}
    with force_locale(mail.language):
        return unbroken(_part(f"email/{mail.template}.txt", _context(mail) | words).strip())


def _context(mail: Mail) -> dict[str, Any]:
    public_url = installed.settings().public_url
    written = {"organisation": installed.organisation(), "public_url": public_url, "language": mail.language}
    return mail.context | written


def render_mail(mail: Mail) -> Any:
    """Return the `EmailMessage` of a mail row, in the row's language."""
    settings, organisation = installed.settings(), installed.organisation()
    context = _context(mail)
    if "token_id" in context:
        context["token"] = write_token(settings.secret_key, context["token_purpose"], context["token_id"])
        context["code"] = code_of(context["token"])
    with force_locale(mail.language):
        subject, text, html = (_part(f"email/{mail.template}.{ending}", context) for ending in _PARTS)
    host = settings.public_url.split("://")[1].split(":")[0]
    return build_message(
        to=mail.to_address,
        sender=f"{organisation.name} <{organisation.contact.email}>",
        reply_to=organisation.contact.email,
        subject=" ".join(subject.split()),
        text=unbroken(text.strip()) + "\n",
        html=unbroken_page(html),
        message_id=f"<{mail.public_id}@{host}>",
        language=mail.language,
    )
