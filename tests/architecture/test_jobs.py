"""Every job that the code enqueues has a handler, and every handler is enqueued by somebody or runs by the clock."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

from flask import Flask

from portal.infrastructure.jobs.queue import handlers, periodic

PORTAL = Path(__file__).parents[2] / "portal"


def enqueued_names() -> dict[str, str]:
    """Return the job names given to `enqueue` in the code, with a place."""
    found = {}
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "enqueue" and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant):
                    found[str(name.value)] = f"{path.relative_to(PORTAL.parent)}:{node.lineno}"
    return found


def test_every_enqueued_job_is_registered(app: Flask) -> None:
    missing = {name: place for name, place in enqueued_names().items() if name not in handlers}
    assert not missing, f"decorate a handler with @job(...) and import its module in portal/app.py: {missing}"


def decorated_names() -> set[str]:
    """Return the names given to `@job(...)` in the code."""
    calls = [
        decorator
        for path in PORTAL.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "job"
    ]
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_a_process_of_the_app_knows_every_job() -> None:
    # In a process of its own, because other tests may have imported here a module that the app forgets to import.
    script = (
        "import importlib, portal.app as app; [importlib.import_module(name) for name in app.REGISTERED];"
        "from portal.infrastructure.jobs.queue import handlers; print(*handlers)"
    )
    known = subprocess.run(
        [sys.executable, "-c", script], cwd=PORTAL.parent, capture_output=True, text=True, check=True
    )
    forgotten = decorated_names() - set(known.stdout.split())
    assert not forgotten, f"name the modules of {sorted(forgotten)} in REGISTERED of portal/app.py"


def test_every_handler_has_a_caller(app: Flask) -> None:
    idle = set(handlers) - set(enqueued_names()) - set(periodic)
    assert not idle, f"nothing enqueues {sorted(idle)}"


def test_jobs_carry_identifiers_only(app: Flask) -> None:
    for name, handler in handlers.items():
        parameters = list(inspect.signature(handler).parameters.values())
        assert parameters[0].name == "run", f"{name}: the first parameter is `run`"
        for parameter in parameters[1:]:
            is_identifier = parameter.name.endswith(("_id", "_key", "_reference"))
            assert is_identifier, f"{name}: {parameter.name} is not an identifier; a job carries nothing else"
        assert name not in periodic or len(parameters) == 1, f"{name}: a periodic job takes no argument"
