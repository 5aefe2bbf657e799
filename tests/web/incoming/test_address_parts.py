"""No part of an address may hold a NUL: PostgreSQL would break on it where SQLite finds nothing."""

import re

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from tests.support.demonstration import walkable


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_with_a_nul_leads_nowhere(app: Flask, method: str) -> None:
    addresses, tried = app.url_map.bind("localhost"), 0
    for rule in walkable(app, method):
        path = re.sub("<[a-z_]+>", "a\0b", rule.rule.replace("<int:page>", "1"))
        if "\0" in path:
            tried += 1
            with pytest.raises(NotFound):
                addresses.match(path, method=method)
    assert tried > 10
