"""Copies of one's data: to take elsewhere, with the schema that each file meets, and of all that is held."""

import json
import zipfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from portal.personal_data.categories import CATEGORIES
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.cases import case
from tests.trial.journeys.conftest import Cast


def download(cast: Cast, reference: str) -> zipfile.ZipFile:
    """Follow the answer to its file, and download it as a browser does."""
    page = cast.read(cast.person, f"/requests/{reference}")
    page.click("main .hero a.button")
    with page.expect_download() as taken:
        cast.person.send({}, "main form[action^='/answers/']")
    return zipfile.ZipFile(Path(taken.value.path()))


@pytest.mark.parametrize("right", ["portability", "access"])
def test_a_copy_is_asked_for_built_announced_and_opened(cast: Cast, right: str) -> None:
    form = "main form:has([name=scope])"
    reference = cast.file(f"/requests/new/{right}", {"scope": "all"}, form)
    assert case(reference).answered_at is None
    run_asked_jobs()
    assert reference in cast.last_mail()
    files = download(cast, reference)
    names = set(files.namelist())
    assert {f"{category}.json" for category in CATEGORIES} <= names
    assert "Lille" in files.read("contact.json").decode()
    if right == "portability":
        validator = Draft202012Validator(json.loads(files.read("schema.json")))
        for category in CATEGORIES:
            assert list(validator.iter_errors(json.loads(files.read(f"{category}.json")))) == []
        assert files.read("contact.vcf").startswith(b"BEGIN:VCARD\r\n")
        left_out = json.loads(files.read("portability.json"))["left_out"]
        assert "fraud_score" in {line["kind"] for line in left_out}
        assert b"S-1" not in files.read("profile.json")
    else:
        assert b"S-1" in files.read("profile.json"), "an opinion is handed over, and cannot be taken along"
        assert {"schema.json", "contact.vcf"}.isdisjoint(names)
    page = cast.read(cast.person, f"/requests/{reference}/receipt", reference)
    assert page.locator("section.letter code").count() == 1
    assert case(reference).closed_at is not None
