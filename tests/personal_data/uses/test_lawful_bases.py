"""The official table of rights by lawful basis, cell by cell, and the nine categories."""

import pytest

from portal.personal_data.categories import CATEGORIES, QUESTIONS
from portal.personal_data.uses.lawful_bases import (
    LawfulBasis,
    availability,
    may_withdraw_consent,
    rights_for,
)
from portal.rights.lifecycle import Right

COLUMNS = ("access", "rectification", "erasure", "restriction", "portability", "objection")
OFFICIAL = {
    "consent": ("yes", "yes", "yes", "yes", "yes", "withdraw_consent"),
    "contract": ("yes", "yes", "yes", "yes", "yes", "no"),
    "legitimate_interest": ("yes", "yes", "yes", "yes", "no", "yes"),
    "legal_obligation": ("yes", "yes", "if_no_longer_needed", "yes", "no", "no"),
    "public_interest": ("yes", "yes", "no", "yes", "no", "yes"),
    "vital_interests": ("yes", "yes", "yes", "yes", "no", "no"),
}
CELLS = [(basis, right, cell) for basis, cells in OFFICIAL.items() for right, cell in zip(COLUMNS, cells, strict=True)]


@pytest.mark.parametrize(("basis", "right", "cell"), CELLS)
def test_a_cell_of_the_official_table(basis: str, right: str, cell: str) -> None:
    assert availability(LawfulBasis(basis), right) == cell
    assert (Right(right) in rights_for(LawfulBasis(basis))) is (cell in {"yes", "if_no_longer_needed"})


def test_the_table_knows_every_right() -> None:
    assert len(CELLS) == 36
    assert {*COLUMNS, "directives"} == set(Right)
    for basis in LawfulBasis:
        assert availability(basis, Right.DIRECTIVES) == "yes"
    with pytest.raises(ValueError, match="oblivion"):
        availability(LawfulBasis.CONSENT, "oblivion")


def test_only_consent_can_be_withdrawn() -> None:
    assert [basis for basis in LawfulBasis if may_withdraw_consent(basis)] == [LawfulBasis.CONSENT]


def test_the_nine_categories_keep_their_codes_and_order() -> None:
    expected = "identity contact financial usage tracking transaction profile technical marketing"

    assert " ".join(CATEGORIES) == expected
    assert len(QUESTIONS) == 5


@pytest.mark.parametrize("language", ["fr", "en"])
def test_everything_here_has_words_in_both_languages(language: str) -> None:
    for category in CATEGORIES:
        assert category.label(language)
        assert category.explanation(language).endswith(".")
    for question in QUESTIONS:
        assert question.heading(language).endswith("?")
    for basis in LawfulBasis:
        assert basis.label(language)
        assert basis.article.startswith("GDPR art. 6(1)(")
