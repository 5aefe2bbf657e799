"""The one permission table: who may do what, and what nobody may."""

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.access.permissions import PERMISSIONS, Permission, Role, may

CUSTOMER_DATA = {
    Permission.SEE_REQUEST,
    Permission.SEE_DOCUMENT,
    Permission.LOOK_UP_CUSTOMER,
    Permission.CHECK_IDENTITY,
    Permission.DECIDE_REQUEST,
}


def test_every_role_has_a_line_and_every_permission_a_holder() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set().union(*PERMISSIONS.values()) == set(Permission)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MARKETING])
def test_who_administers_or_markets_sees_no_customer_data(role: Role) -> None:
    assert not PERMISSIONS[role] & CUSTOMER_DATA


def test_who_works_on_cases_administers_nothing() -> None:
    for role in (Role.SUPPORT, Role.REVIEWER, Role.OFFICER):
        assert not may(role, Permission.MANAGE_STAFF)
        assert not may(role, Permission.MANAGE_TOKENS)


def test_documents_and_decisions_are_not_for_support() -> None:
    for permission in (Permission.SEE_DOCUMENT, Permission.CHECK_IDENTITY, Permission.DECIDE_REQUEST):
        assert not may(Role.SUPPORT, permission)
        assert may(Role.REVIEWER, permission)


def test_reviewers_and_officers_second_and_what_must_be_proven_is_the_officers() -> None:
    assert [role for role in Role if may(role, Permission.GIVE_SECOND_OPINION)] == [Role.REVIEWER, Role.OFFICER]
    assert [role for role in Role if may(role, Permission.SECOND_PROVEN_GROUND)] == [Role.OFFICER]


def test_the_desk_is_the_officers() -> None:
    assert [role for role in Role if may(role, Permission.SEE_DESK)] == [Role.OFFICER]


def test_every_role_and_permission_has_words_in_both_languages(app: Flask) -> None:
    words: dict[str, list[str]] = {}
    for language in ("fr", "en"):
        with app.test_request_context(), force_locale(language):
            words[language] = [item.label for item in (*Role, *Permission)]
    assert len(set(words["fr"])) == len(set(words["en"])) == len(Role) + len(Permission)
    same = {french for french, english in zip(words["fr"], words["en"], strict=True) if french == english}
    assert same == {"Marketing"}
