"""What no module of the portal does, read from its source: build statements or commands from words, unpickle, parse XML."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Who talks to another machine or program, and to which; docs/security.md tells operators the same.
REACHES_OUT = {
    "portal/accounts/facebook/provider.py": "the Graph address of the settings",
    "portal/demo/facebook.py": "the portal of the demonstration",
    "portal/demo/facebook_serving.py": "nobody: it listens on loopback for the stand-in",
    "portal/demo/system.py": "the portal of the demonstration",
    "portal/demo/system_serving.py": "nobody: it listens on loopback for the stand-in",
    "portal/serving/supervisor.py": "nobody: it listens for the web processes",
    "portal/serving/worker.py": "nobody: it serves on what the supervisor opened",
    "portal/infrastructure/connections/pinned_calls.py": "a public address, resolved once, without redirect",
    "portal/instructions/sending/delivery.py": "the systems of the organisation file, by pinned calls",
    "portal/doctor.py": "the mail server of the settings",
    "portal/infrastructure/connections/bounded_calls.py": "what the two providers call, by a session of theirs",
    "portal/infrastructure/mail/smtp.py": "the mail server of the settings",
    "portal/infrastructure/scanner.py": "the scanner of the settings",
    "portal/staff/company/provider.py": "the company's provider of the settings, and the addresses it publishes",
    "portal/infrastructure/storage/s3.py": "the bucket of the settings",
    "portal/infrastructure/jobs/worker.py": "the Redis server of the settings",
    "portal/web/incoming/shared_counts.py": "the Redis server of the settings",
}
NETWORK = {
    "aiohttp", "authlib.integrations", "ftplib", "http.client", "httpx", "huey.RedisHuey", "limits.storage.RedisStorage", "obstore",
    "redis", "requests", "smtplib", "socket", "telnetlib", "urllib.request", "urllib3", "websockets", "xmlrpc",
}  # fmt: skip
STARTS_PROGRAMS = {
    "portal/cli.py": "`flask upgrade-database`, and the supervisor in its own place",
    "portal/serving/supervisor.py": "the web processes, the job worker and the stand-in, by this interpreter",
    "portal/identity_checks/decoding/isolation.py": "the rendering child's probe",
    "portal/identity_checks/decoding/rendition.py": "the rendering child",
    "portal/identity_checks/decoding/rendering_child.py": "only to lock itself in",
}
HARMLESS = {
    "portal/records/imports/naming.py: literal_column(str(place))",
    # The words of a label, in a module that also writes the condition of an index.
    "portal/personal_data/keeping/models.py: label.text(language)",
    "portal/instructions/models.py: _EXEMPTIONS[self].text(language)",
    "portal/instructions/models.py: _OPERATIONS[self].text(language)",
    "portal/instructions/models.py: _STATES[self].text(language)",
}
READS_CODE = {"pickle", "cPickle", "_pickle", "dill", "jsonpickle", "marshal", "shelve", "yaml", "cloudpickle"}
READS_XML = {"xml", "lxml", "defusedxml", "xmltodict", "bs4"}
WEAK_CHANCE = {"random", "uuid", "numpy.random"}


@cache
def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / "portal").rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


@cache
def imported(tree: ast.AST) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def importers(names: set[str]) -> set[str]:
    """Return the modules of the portal that import one of the names, or something of it."""
    return {
        path for path, tree in modules().items()
        if any(found == name or found.startswith(f"{name}.") for found in imported(tree) for name in names)
    }  # fmt: skip


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call with the last name of what it calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node, node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def is_plain(node: ast.expr) -> bool:
    """Tell whether an argument is a text of the source, or one of two, or a number, with no words put into it."""
    if isinstance(node, ast.IfExp):
        return is_plain(node.body) and is_plain(node.orelse)
    return isinstance(node, ast.Constant)


def statement_faults(tree: ast.AST) -> list[str]:
    raw = {"exec_driver_sql", "literal_column"} | ({"text"} if "sqlalchemy.text" in imported(tree) else set())
    return [
        ast.unparse(call) for call, name in calls(tree)
        if name in raw and call.args and not is_plain(call.args[0])
    ]  # fmt: skip


def command_faults(tree: ast.AST) -> list[str]:
    found = []
    for call, name in calls(tree):
        is_shell = any(word.arg == "shell" for word in call.keywords)
        is_text = bool(call.args) and isinstance(call.args[0], ast.JoinedStr | ast.Constant)
        is_started = name in {"run", "Popen", "call", "check_call", "check_output"}
        if is_shell or (is_started and is_text and "subprocess" in ast.unparse(call.func)):
            found.append(ast.unparse(call))
        if name in {"system", "popen", "eval", "exec"} and ast.unparse(call.func) in {
            "os.system",
            "os.popen",
            "eval",
            "exec",
        }:
            found.append(ast.unparse(call))
    return found


def test_no_statement_is_put_together_from_words() -> None:
    found = {f"{path}: {fault}" for path, tree in modules().items() for fault in statement_faults(tree)}
    faults = sorted(found - HARMLESS)
    assert not faults, "bind values as parameters:\n" + "\n".join(faults)


def test_no_command_goes_through_a_shell() -> None:
    faults = [f"{path}: {fault}" for path, tree in modules().items() for fault in command_faults(tree)]
    assert not faults, "start a fixed program with a list of arguments:\n" + "\n".join(faults)


@pytest.mark.parametrize(
    "source", ["text(f'SELECT {name}')", "text('SELECT ' + name)", "text(name)", "cursor.exec_driver_sql(query % name)"]
)
def test_the_rule_on_statements_bites(source: str) -> None:
    assert statement_faults(ast.parse(f"from sqlalchemy import text\n{source}"))


@pytest.mark.parametrize(
    "source",
    ["os.system(name)", "subprocess.run(f'convert {name}')", "subprocess.Popen([name], shell=True)", "eval(name)"],
)
def test_the_rule_on_commands_bites(source: str) -> None:
    assert command_faults(ast.parse(source))


def test_only_these_modules_start_programs() -> None:
    assert importers({"subprocess", "multiprocessing", "pty"}) <= set(STARTS_PROGRAMS)


def test_only_these_modules_talk_to_other_machines() -> None:
    found = importers(NETWORK)
    assert found - set(REACHES_OUT) == set(), "say here and in docs/security.md where it reaches"
    assert set(REACHES_OUT) - found == set(), "it reaches out no more: take it off the list"


def test_nothing_that_comes_in_can_run() -> None:
    assert importers(READS_CODE) == set()


def test_no_xml_is_read() -> None:
    assert importers(READS_XML) == set()


def test_secrets_come_from_the_systems_own_source_of_chance() -> None:
    found = importers(WEAK_CHANCE)
    assert found <= {path for path in found if path.startswith("portal/demo/")}, "use the secrets module"
