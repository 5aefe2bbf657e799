"""A refused form names everything that is wrong with it: nobody corrects one point to be told of the next."""

from portal.access.permissions import Role
from portal.rights.lifecycle import Right
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, refusal_values, taken_in


def test_a_refusal_names_what_is_empty_and_what_it_lacks(people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    page = open_case(people.signed_in_staff(Role.REVIEWER), reference)
    page = decide(page, "refused", "", **refusal_values(Right.ERASURE, ground=""))
    assert page.status == 422
    assert [text.split(" : ")[-1] for text in page.errors] == [
        "Écrivez la réponse au client.", "le motif prévu par la loi.",
    ]  # fmt: skip


def test_a_request_taken_in_names_the_unknown_person_and_the_empty_fields(people: People) -> None:
    form = people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in")
    page = form.submit({"email": "nobody@example.org", "right": "access"}, with_field="words")
    assert page.status == 422
    assert len(page.errors) == 4, page.errors
    assert any("Aucun client ne correspond" in text for text in page.errors)
