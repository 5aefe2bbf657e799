"""A reviewer who proposes, two officers who may second, and a member whose role is at stake."""

import pytest

from portal.access.permissions import Role
from tests.support.acting.browser import Browser
from tests.support.acting.people import People

ZOE = "zoe@example.org"
AUTHOR = "author@example.org"


@pytest.fixture
def author(people: People) -> Browser:
    people.staff(Role.SUPPORT, ZOE, name="Zoé Maurin")
    return people.signed_in_staff(Role.REVIEWER, AUTHOR, name="Bruno Petit")


@pytest.fixture
def officer(people: People, author: Browser) -> Browser:
    return people.signed_in_staff(Role.OFFICER, "officer@example.org", name="Inès Garde")
