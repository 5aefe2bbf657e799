"""A form of a session that is over does nothing, whichever it is: it comes back, or waits on a page with a button."""

import pytest

from portal.access.declare import declared_access
from portal.access.permissions import Role
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser
from tests.support.demonstration import Demonstration, snapshot, walkable


@pytest.mark.parametrize("caller", ["nobody", "customer", *Role])
def test_no_stale_form_does_anything(demo: Demonstration, caller: str) -> None:
    browser: Browser = demo.browsers[caller]
    page = {"nobody": "/sign-in", "customer": "/account"}.get(caller, "/staff/account")
    stale = str(browser.get(page).tree.find(attrs={"name": "csrf_token"})["value"])  # type: ignore[index]
    browser.form_token(page)  # the session's token is another one from here on
    before, faults, shown = snapshot(demo.app), [], 0
    for rule in walkable(demo.app, "POST"):
        access = declared_access(demo.app, rule.endpoint)
        assert access is not None
        if access.audience is Audience.FEED:
            continue
        path = demo.path(rule, caller)
        answer = browser.client.post(path, data={"csrf_token": stale, "words": "typed", "text": "typed"})
        shown += answer.status_code == 419
        if answer.status_code not in {303, 400, 403, 404, 405, 409, 410, 419, 422, 429}:
            faults.append(f"{caller}: POST {rule.rule}: {answer.status_code}")
    assert not faults, "\n".join(faults)
    assert shown > 5
    # A form that is kept while its sender gives their password again is no act.
    assert snapshot(demo.app) | {"kept_forms": ""} == before | {"kept_forms": ""}
