"""Keep what somebody typed while they sign in again: sealed, for an hour, and only for who opened the form."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta

from flask import request
from sqlalchemy import delete, select

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.sealing.keys import KeyMissing
from portal.infrastructure.sealing.texts import open_text, seal_text
from portal.web.incoming.rate_limits import TooManyTries, count_try
from portal.web.typed_forms.models import KeptForm
from portal.web.typed_forms.sent import sent_fields, sent_files

LIFE = timedelta(hours=1)
MOST_CHARACTERS = 200_000
KEPT_AN_HOUR = "30 per hour"
_PURGED_AT_ONCE = 500


@dataclass(frozen=True)
class Typed:
    """What was sent.

    Attributes:
        path: where the form was sent, without its query.
        fields: names and values; no password, no code, no form token.
        files: names of the files, which have to be chosen again.
    """

    path: str
    fields: list[tuple[str, str]]
    files: list[str]


def keep(owner: str) -> str | None:
    """Keep the sent form for its owner, in a transaction of its own, and return its public id.

    Nothing is kept of a form in which nothing was typed, of one that is too long, or past the limit of an hour.
    """
    typed = Typed(request.path, sent_fields(), sent_files())
    content = json.dumps(asdict(typed))
    if not (typed.fields or typed.files) or len(content) > MOST_CHARACTERS:
        return None
    with suppress(TooManyTries):
        count_try([(KEPT_AN_HOUR, f"kept-forms:{owner}")])
        public_id = new_public_id()
        with transaction() as session:
            sealed = seal_text(content, _context(owner, public_id))
            expires_at = clock.now() + LIFE
            session.add(KeptForm(public_id=public_id, owner=owner, sealed=sealed, expires_at=expires_at))
        return public_id
    return None


def find(public_id: str, owner: str) -> Typed | None:
    """Return what was kept under a public id for this very owner and this path, or None."""
    is_theirs = (KeptForm.public_id == public_id, KeptForm.owner == owner, KeptForm.expires_at > clock.now())
    row = db.session.execute(select(KeptForm).where(*is_theirs)).scalar_one_or_none()
    if row is None:
        return None
    with suppress(KeyMissing):
        content = json.loads(open_text(row.sealed, _context(owner, public_id)))
        typed = Typed(content["path"], [(name, value) for name, value in content["fields"]], content["files"])
        return typed if typed.path == request.path else None
    return None


def _context(owner: str, public_id: str) -> str:
    return f"kept-form:{owner}:{public_id}"


@job("web.purge_kept_forms", every=timedelta(minutes=15), destroys=True)
def purge_kept_forms(run: JobRun) -> None:
    """Delete kept forms whose hour is over."""
    over = select(KeptForm.id).where(KeptForm.expires_at <= clock.now()).limit(_PURGED_AT_ONCE)
    statement = delete(KeptForm).where(KeptForm.id.in_(over.scalar_subquery())).returning(KeptForm.id)
    while True:
        with transaction() as session:
            removed = len(session.execute(statement.execution_options(synchronize_session=False)).all())
        if removed < _PURGED_AT_ONCE:
            return
        run.renew()
