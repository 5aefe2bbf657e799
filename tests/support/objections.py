"""Somebody who objects to uses that rest on the company's interest, and a team that weighs them on their pages."""

from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.cases import take
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import record, visit

CAMILLE, OF = "camille@example.org", "C-camille"
FRAUD, SECURITY = "fraud_prevention", "security"
SUMMARY = "Chaque paiement est relu par une personne avant tout refus."
TEXTS = {
    "use-interest": "Éviter les paiements frauduleux.", "use-necessity": "Sans score, chaque commande attendrait.",
    "use-grounds": "Trois impayés en un an.", "use-safeguards": "Une personne relit.", "use-summary": SUMMARY,
}  # fmt: skip


def with_a_score(people: People) -> Browser:
    """Return the browser of somebody of whom a fraud score and a visit are held."""
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(record("fraud_score", "S-1", {"score": 12, "level": "low"}, OF), visit(1, of=OF))
    return browser


def file_objection(browser: Browser, *purposes: str, **values: str) -> Page:
    typed = {"purposes": list(purposes), "details": "Je suis passé pour un fraudeur."} | values
    return browser.get("/requests/new/objection").submit(typed, with_field="use").submit(action="/send")


def weigh(browser: Browser, reference: str, result: str, which: int = 0, **changed: str) -> Page:
    """Weigh one use of a case on its own page."""
    page = take(browser, reference)
    link = [str(link["href"]) for link in page.tree.select(".items a.whole") if "/uses/" in str(link["href"])][which]
    return browser.get(link).submit(TEXTS | {"use-result": result} | changed, with_field="use-result")
