"""`flask init`: keys of its own for each installation, and a ledger that begins with them."""

from pathlib import Path

from portal.config import Settings, read_settings_file
from portal.installation import prepare_instance


def test_the_ledger_of_an_installation_that_is_gone_is_set_aside(tmp_path: Path) -> None:
    folder, ledger = tmp_path / "instance", tmp_path / "instance-ledger"
    ledger.mkdir()
    (ledger / ("0" * 19 + "1")).write_text("a line under another key")
    assert prepare_instance(folder, "http://localhost:8000")
    assert not ledger.exists()
    assert (tmp_path / "instance-ledger-1" / ("0" * 19 + "1")).exists()
    ledger.mkdir()
    keys = read_settings_file(folder / "settings")
    assert prepare_instance(folder, "http://localhost:8001") is False
    assert ledger.exists(), "the keys are there, so it is its own"
    assert keys["PORTAL_LEDGER_KEY"] == read_settings_file(folder / "settings")["PORTAL_LEDGER_KEY"]


def test_the_ledger_lies_beside_the_instance_folder_and_never_inside(tmp_path: Path) -> None:
    prepare_instance(tmp_path / "instance", "http://localhost:8000")
    environment = {"PORTAL_INSTANCE": str(tmp_path / "instance")}
    assert Settings.from_environment(environment).ledger_url == f"file://{tmp_path}/instance-ledger"
