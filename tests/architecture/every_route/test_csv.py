"""A CSV file for people begins with the mark by which a spreadsheet reads accents; one for programs never does."""

from portal.access.declare import declared_access
from portal.access.permissions import Role
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser
from tests.support.demonstration import Demonstration, walkable

MARK = "\ufeff".encode()


def test_each_csv_is_marked_for_its_reader(demo: Demonstration) -> None:
    bearer = {"Authorization": f"Bearer {demo.people['feed_token']}"}
    seen = set()
    for rule in walkable(demo.app, "GET"):
        access = declared_access(demo.app, rule.endpoint)
        if not rule.rule.endswith(".csv") or access is None:
            continue
        is_machine = access.audience is Audience.FEED
        caller = "customer" if access.audience is Audience.CUSTOMER else Role.MARKETING
        browser = Browser(demo.app) if is_machine else demo.browsers[caller]
        answer = browser.client.get(demo.path(rule, caller), headers=bearer if is_machine else {})
        if answer.mimetype == "text/csv":  # that of the whole base takes a second person: see test_marketing_page
            assert answer.data.startswith(MARK) is not is_machine, rule.rule
            seen.add(access.audience)
    assert seen >= {Audience.CUSTOMER, Audience.FEED}
