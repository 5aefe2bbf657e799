"""Nobody else on the machine reads the database: not when it is made, nor where it was open before."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from portal.app import create_app
from portal.cli import doctor
from portal.config import Settings
from tests.support.servers.databases import IS_POSTGRESQL

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(IS_POSTGRESQL, reason="the files of PostgreSQL are the server's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_installation_is_closed_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    environment = os.environ | {"PORTAL_INSTANCE": str(folder)}
    script = "umask 000; exec " + " ".join([sys.executable, "-m", "flask", "init"])
    subprocess.run(["sh", "-c", script], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert mode(folder) == 0o700
    assert mode(folder / "portal.sqlite") == 0o600


def test_an_open_database_is_closed_at_the_next_start(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    file = folder / "portal.sqlite"
    changed = {"instance": folder, "database_url": f"sqlite:///{file}", "storage_url": f"file://{folder}/storage"}
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE seen (id INTEGER)")
        files = [file, folder / "portal.sqlite-wal", folder / "portal.sqlite-shm"]
        for path in files:
            path.chmod(0o644)
        folder.chmod(0o755)
        runner = create_app(settings.model_copy(update=changed)).test_cli_runner()
        report = runner.invoke(doctor).output
        assert [oct(mode(path)) for path in files] == ["0o600"] * 3
        assert mode(folder) == 0o700
        assert "well   files: the instance folder and the database are closed" in report
        file.chmod(0o640)
        assert f"FAULT  files: others on this machine may read {file};" in runner.invoke(doctor).output
