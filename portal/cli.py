"""The commands of `flask` that belong to no domain; the others stand in the `commands` of their domain.

`pyproject.toml` names them all as plug-ins of `flask`. A command that needs no settings runs without any.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from portal.access.tokens import SCOPES
from portal.audit.guards import missing_guards
from portal.audit.verification import verify_chain
from portal.config import SettingsFault
from portal.doctor import State, examine
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.worker import job_engine
from portal.infrastructure.jobs.worker import work as work_on_jobs
from portal.infrastructure.lifeline import end_with_parent
from portal.infrastructure.sealing.keys import (
    KeyBroken,
    KeyMissing,
    new_master_keys,
    new_sealing_pair,
    next_sealing_pair,
    with_next_master_key,
)
from portal.infrastructure.sealing.needed_keys import refuse_without_keys
from portal.infrastructure.sealing.rotation import rotate
from portal.installation import prepare_instance
from portal.instructions.sending.signing import new_secret
from portal.personal_data.ledger.doors import doors
from portal.personal_data.ledger.epochs import begin_epoch
from portal.staff.members.tokens import add_token_by_command
from portal.web.incoming.request_log import configure_logging


@click.command("init")
@click.option("--port", default=8000, show_default=True, help="Port of the public address on localhost.")
def init(port: int) -> None:
    """Make the instance folder with its own keys, and bring the database to the newest version."""
    folder = Path(os.environ.get("PORTAL_INSTANCE") or "instance").absolute()
    prepare_instance(folder, f"http://localhost:{port}")
    subprocess.run([sys.executable, "-m", "flask", "upgrade-database"], check=True)


@click.command("upgrade-database")
@click.option("--without-lost-keys", is_flag=True, help="Go on though master keys are lost that rows need.")
@with_appcontext
def upgrade_database(without_lost_keys: bool) -> None:
    """Apply the migrations that the database lacks."""
    upgrade(x_arg=["lost-keys=yes"] if without_lost_keys else None)
    with transaction():
        begin_epoch()


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Web processes; one for each core behind a proxy.")
@click.option("--with-jobs", is_flag=True, help="Run a job worker beside the web server.")
def serve(host: str, port: int, workers: int, with_jobs: bool) -> None:
    """Serve the portal over HTTP."""
    _forbid_core_dumps()
    command = [sys.executable, "-m", "portal.serving.supervisor", "--host", host, "--port", str(port)]
    command += ["--workers", str(workers), *(["--with-jobs"] if with_jobs else [])]
    os.execv(sys.executable, command)  # noqa: S606 - by another program: this one holds what a command needs


@click.command("work")
@click.option("--threads", default=1, show_default=True, help="Jobs run at once by this process.")
@with_appcontext
def work(threads: int) -> None:
    """Run jobs until told to stop."""
    end_with_parent()
    _forbid_core_dumps()
    configure_logging()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        refuse_without_keys()
    except SettingsFault as fault:
        raise click.ClickException(str(fault)) from None
    doors.of(app).watch()
    work_on_jobs(app, job_engine.of(app), threads)


def _forbid_core_dumps() -> None:
    """Forbid core dumps: a crash, here or in a process started from here, must not write keys or documents to disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


audit = AppGroup("audit", help="The audit trail.")


@audit.command("verify")
def verify_audit() -> None:
    """Verify that no event was changed, removed, moved or put in."""
    found = verify_chain()
    if found.fault:
        click.echo(f"The audit trail is broken: {found.fault}.", err=True)
        sys.exit(1)
    click.echo(f"The audit trail is whole: {found.events} events.")
    if gone := missing_guards():
        click.echo(f"The database no longer guards it: {', '.join(gone)} taken away or switched off.", err=True)
        sys.exit(1)


keys = click.Group("keys", help="Keys of an installation.")


@keys.command("webhook")
@click.argument("system")
def generate_webhook_secret(system: str) -> None:
    """Print a new secret for calls to SYSTEM, as a part of PORTAL_WEBHOOK_SECRETS; put it first, the old one after."""
    click.echo(f"{system}={new_secret()}")


@keys.command("generate")
def generate_keys() -> None:
    """Print new keys as environment lines."""
    sealing, opening = new_sealing_pair()
    click.echo(f"PORTAL_MASTER_KEYS={new_master_keys()}")
    click.echo(f"PORTAL_SEALING_KEY={sealing}")
    click.echo(f"PORTAL_OPENING_KEYS={opening}")
    click.echo(f"PORTAL_LEDGER_KEY={new_master_keys()}")
    click.echo(f"PORTAL_TOMBSTONE_KEYS={new_master_keys()}")


_LISTS = {"master": "master_keys", "ledger": "ledger_key", "tombstones": "tombstone_keys"}


@keys.command("next")
@with_appcontext
@click.option("--of", "which", type=click.Choice(list(_LISTS)), default="master", show_default=True)
def next_key(which: str) -> None:
    """Print a list of keys with a fresh one at the end. Give it to every process before one of them uses the key."""
    name = _LISTS[which]
    click.echo(f"PORTAL_{name.upper()}={with_next_master_key(getattr(installed.settings(), name))}")


@keys.command("next-sealing")
@with_appcontext
def next_sealing_key() -> None:
    """Print a fresh sealing key, and opening keys that open what it seals and what was sealed before."""
    opening_keys = installed.settings().opening_keys
    if not opening_keys:
        raise click.ClickException("Run this where PORTAL_OPENING_KEYS is set: on the staff side.")
    sealing, opening = next_sealing_pair(opening_keys)
    click.echo(f"PORTAL_OPENING_KEYS={opening}")
    click.echo(f"PORTAL_SEALING_KEY={sealing}")


@keys.command("rotate")
@with_appcontext
def rotate_keys() -> None:
    """Wrap every key that is still under an older master key anew, under the first one."""
    master_keys = installed.master_keys()
    try:
        count = rotate(master_keys)
    except (KeyMissing, KeyBroken) as fault:
        click.echo(f"Stopped, and nothing is lost: {fault}. Put that key back into PORTAL_MASTER_KEYS.", err=True)
        sys.exit(1)
    older = [f"v{version}" for version in master_keys.versions if version != master_keys.current]
    click.echo(f"{count} keys are wrapped by v{master_keys.current} now.")
    if older:
        click.echo(f"Nothing needs {', '.join(older)} any more.")


token = AppGroup("token", help="Bearer tokens of machines.")


@token.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES))
@click.option("--system", help="The system whose instructions it answers, for instructions:acknowledge.")
def create_api_token(name: str, scopes: tuple[str, ...], system: str | None) -> None:
    """Create a token called NAME and print it, once. The officers are told."""
    try:
        with transaction():
            text = add_token_by_command(name, list(scopes), system)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    click.echo(text)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--real-use", is_flag=True, help="Exit with 3 when something works, but is not fit for real use.")
@with_appcontext
def doctor(*, as_json: bool, real_use: bool) -> None:
    """Examine the installation.

    The exit code is 1 when something is at fault. What works and is not fit for real use is said, and leaves 0, so that
    a trial passes; with --real-use the exit code is then 3.
    """
    findings = list(examine())
    state = max((found for found, _text in findings), key=list(State).index, default=State.WELL)
    if as_json:
        lines = [{"state": found, "text": text} for found, text in findings]
        click.echo(json.dumps({"state": state, "findings": lines}, ensure_ascii=False, indent=2))
    else:
        for found, text in findings:
            click.echo(f"{_MARKS[found]}  {_told(found, text)}")
        click.echo(_VERDICTS[state])
    sys.exit({State.WELL: 0, State.NOT_FIT: 3 if real_use else 0, State.FAULT: 1}[state])


def _told(state: State, text: str) -> str:
    what, _colon, words = text.partition(": ")
    return f"{what}: works, but is not fit for real use: {words}" if state is State.NOT_FIT else text


_MARKS = {State.WELL: "well ", State.NOT_FIT: "UNFIT", State.FAULT: "FAULT"}
_VERDICTS = {
    State.WELL: "All is well.",
    State.NOT_FIT: "It works, and is not fit for real use yet: see the lines with UNFIT.",
    State.FAULT: "Something needs doing: see the lines with FAULT.",
}
