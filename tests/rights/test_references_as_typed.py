"""A reference is read the same wherever it is typed: in an address of either side, in the queue, in a lookup."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure.database import db
from portal.lookups.models import CustomerLookup
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import references, taken_in

# Each with the year and the number of the one case, the number with and without its zeros.
AS_TYPED = (
    "DR-{year}-{full}", "dr-{year}-{short}", "dr {year} {short}", "DR{year}{full}", " Dr - {year} - {full} ",
    "DR‐{year}‐{full}", "DR‑{year}‑{full}", "DR–{year}–{full}", "DR—{year}—{full}", "DR-{year}-0{full}",
    "ＤＲ－{wide_year}－{wide}", "DR-{year}-{full}.", "(DR-{year}-{full})", "[dr {year} {short}],",
    "«\u00a0DR-{year}-{full}\u00a0»", "n° DR-{year}-{full}", "N°dr {year} {short}", "(nº\u202fDR-{year}-{full}).",
    "\u202aDR-{year}-{full}\u202c", "DR_{year}_{full}", "DR.{year}.{full}", "DR:{year}:{short}", "DR⁃{year}⁃{full}", "DRー{year}ー{full}",
    "Réf. DR-{year}-{full}", "Réf. : DR-{year}-{full}", "référence DR-{year}-{full}", "Votre demande n° DR-{year}-{full}",
    "#DR-{year}-{full}", "Dossier no DR-{year}-{short}", "Your request DR-{year}-{full}.", "Re: Re: DR-{year}-{full}", "TR : [DR-{year}-{full}]",
    "`DR-{year}-{full}`", "*DR-{year}-{full}*", "‹DR-{year}-{full}›", "DR-{year}-{full}…", "DR-{year}-{full}。", "DR-{year}-{arabic}",
    "\ufeffDR\u00ad-{year}-{full}", "DR\t{year}\t{full}",
)  # fmt: skip
NO_REFERENCE = (
    "XX-{year}-{full}", "{year}-{full}", "DR-{year}", "DR-{full}", "DR-{year}-{full}-2", "DR-{year}-{full}b",
    "DR-{year}-{full} et DR-{year}-{full}", "mon DR-{year}-{full}", "DR-{year}-{full}%", "XDR-{year}-{full}",
)  # fmt: skip


@pytest.fixture
def reference(people: People) -> str:
    people.account()
    return taken_in(people)


@pytest.fixture
def officer(people: People) -> Browser:
    return people.signed_in_staff(Role.OFFICER)


def typed(forms: tuple[str, ...], reference: str) -> list[str]:
    year, full = reference.split("-")[1:]
    wide = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"}
    arabic = {ord(digit): chr(ord(digit) + 0x630) for digit in "0123456789"}
    facts = {"year": year, "full": full, "short": int(full), "arabic": full.translate(arabic)}
    return [form.format(wide_year=year.translate(wide), wide=full.translate(wide), **facts) for form in forms]


def test_an_address_of_the_customers_leads_to_the_one_as_written(people: People, reference: str) -> None:
    customer = people.sign_in("camille@example.org")
    for form in typed(AS_TYPED, reference):
        assert customer.get(f"/requests/{quote(form)}").url == f"/requests/{reference}", form
    for form in typed(NO_REFERENCE, reference):
        assert customer.get(f"/requests/{quote(form)}").status == 404, form


def test_an_address_of_staff_leads_to_the_one_as_written(officer: Browser, reference: str) -> None:
    for form in typed(AS_TYPED, reference):
        page = officer.get(f"/staff/requests/{quote(form)}")
        assert (page.status, page.url) == (200, f"/staff/requests/{reference}"), form
    for form in typed(NO_REFERENCE, reference):
        assert officer.get(f"/staff/requests/{quote(form)}").status == 404, form


def test_the_queue_finds_it(officer: Browser, reference: str) -> None:
    for form in typed(AS_TYPED, reference):
        assert references(officer.get("/staff/queue", query_string={"text": form})) == [reference], form
    for form in typed(NO_REFERENCE, reference):
        assert references(officer.get("/staff/queue", query_string={"text": form})) == [], form


def test_a_lookup_takes_it(officer: Browser, reference: str) -> None:
    who = {"identifier": "camille@example.org", "reason": "La cliente appelle au sujet de sa demande"}
    page = officer.get("/staff/customers")
    for form in typed(AS_TYPED, reference):
        assert page.submit(who | {"request_reference": form}, with_field="reason").errors == [], form
    for form in typed(NO_REFERENCE, reference):
        assert page.submit(who | {"request_reference": form}, with_field="reason").status == 422, form
    assert set(db.session.execute(select(CustomerLookup.request_reference)).scalars()) == {reference}
