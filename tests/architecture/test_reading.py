"""How many files a newcomer opens to follow one decision on a case, from its form to its mail. It may only fall."""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import Flask

from portal.rights.lifecycle import Right
from tests.architecture.test_imports import LAYERS
from tests.support.acting.people import People
from tests.support.cases import decide, take, taken_in

PORTAL = Path(__file__).parents[2] / "portal"
VIEW = "staff.rights.decide"
# Files that every page runs through before and after its own work.
OF_EVERY_PAGE = ("web/", "staff/", "app.py", "preferences/choices/states.py")
FILES, CLIMBS = 32, 8


def layer_of(path: str) -> float:
    return LAYERS[path.split("/")[0].removesuffix(".py")]


def opened_by(view: Callable[..., Any], moves: list[str]) -> Callable[..., Any]:
    """Return the view, wrapped so that it adds to `moves` each file of the portal that it enters, in order."""

    def note(frame: Any, event: str, _argument: object) -> None:
        place = Path(frame.f_code.co_filename)
        if event == "call" and frame.f_code.co_name != "<module>" and place.is_relative_to(PORTAL):
            path = str(place.relative_to(PORTAL))
            if layer_of(path) >= 1 and not path.startswith(OF_EVERY_PAGE):
                moves.append(path)

    def watched(**arguments: Any) -> Any:
        sys.setprofile(note)
        try:
            return view(**arguments)
        finally:
            sys.setprofile(None)

    return watched


def test_a_decision_is_followed_through_few_files_and_few_floors(app: Flask, people: People, monkeypatch) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    page = take(people.signed_in_staff("reviewer"), reference)
    moves: list[str] = []
    monkeypatch.setitem(app.view_functions, VIEW, opened_by(app.view_functions[VIEW], moves))

    assert decide(page, "granted").status == 200

    files = list(dict.fromkeys(moves))
    climbed = [upper for lower, upper in pairwise(files) if layer_of(upper) > layer_of(lower)]
    assert len(files) <= FILES, f"a decision opens {len(files)} files: {files}"
    assert len(climbed) <= CLIMBS, f"it climbs to {len(climbed)} of them from below: {climbed}"
