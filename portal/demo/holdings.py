"""What the company's systems hold about the people of the demonstration, as lines of an import."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from portal import clock
from portal.demo.people import CUSTOMERS, DemoCustomer

Line = dict[str, Any]
PRODUCTS = (("Hébergement Pro", "Pro hosting", "14.90"), ("Site vitrine", "Showcase site", "49.90"), ("Boutique en ligne", "Online shop", "79.00"))
LINKED_WITH_FACEBOOK = "C-1009"
PAGES = ("tarifs", "boutique", "aide/factures", "blog/nouveautes-automne", "mon-espace")


def import_lines() -> Iterator[Line]:
    """Yield the customers, then everything held about each of them, always the same."""
    for person in CUSTOMERS:
        yield {
            "type": "customer", "external_id": person.number, "email": person.email, "given_name": person.given_name,
            "family_name": person.family_name, "birth_date": person.birth_date.isoformat(), "language": person.language,
            "customer_since": person.since.isoformat(), "relationship_ended_on": None,
        }  # fmt: skip
    for person in CUSTOMERS:
        yield from _records(person)


def _records(person: DemoCustomer) -> Iterator[Line]:
    random = Random(person.number)  # noqa: S311 - the same people every time, nothing secret
    is_french = person.language == "fr"
    street, postcode, town, country = person.address
    counter = iter(range(1, 10_000))

    def line(kind: str, days_ago: float, source: str, **values: Any) -> Line:
        instant = clock.now() - timedelta(days=days_ago, minutes=random.randrange(600))
        return {
            "type": "record", "customer": person.number, "kind": kind,
            "external_id": f"{person.number}-{kind}-{next(counter)}", "recorded_at": instant.isoformat(),
            "source": source, "values": values,
        }  # fmt: skip

    def day(days_ago: int) -> str:
        return (clock.today() - timedelta(days=days_ago)).isoformat()

    since = (clock.today() - person.since).days
    yield line("civil_identity", since, "platform", title="mrs" if person.given_name[-1] in "aeè" else "mr",
               given_name=person.given_name, family_name=person.family_name, birth_date=person.birth_date.isoformat())
    yield line("username", since, "platform", username=person.email.split("@")[0], site="netkin.io")
    yield line("password_fact", 210, "platform", is_set=True, changed_on=day(210))
    if person.number == LINKED_WITH_FACEBOOK:
        yield line("social_account", 300, "website", network="facebook", username=f"{person.given_name} {person.family_name[0]}.")
    for use in ("billing", "delivery"):
        yield line("postal_address", 400, "platform", use=use, recipient=f"{person.given_name} {person.family_name}",
                   line1=street, postal_code=postcode, city=town, country=country)
    yield line("email_address", since, "platform", address=person.email, use="personal")
    yield line("phone_number", 380, "platform", number=person.phone, line="mobile")
    yield line("payment_card", 90, "payments", brand=random.choice(["visa", "mastercard", "cb"]),
               last4=f"{random.randrange(10_000):04}", expires=f"{clock.today().year + 2}-0{random.randrange(1, 10)}", kept_for="subscription")
    for number in range(random.randrange(30, 70)):
        yield line("page_visit", number * 1.7, "analytics", page=f"https://netkin.fr/{random.choice(PAGES)}", seconds=random.randrange(5, 400))
    for feature in ("statistiques", "sauvegardes"):
        yield line("product_usage", random.randrange(1, 20), "platform", product=random.choice(PRODUCTS)[0], feature=feature, uses=random.randrange(1, 60))
    for name, technique in (("_audience", "cookie"), ("mail-pixel", "pixel")):
        yield line("tracker", 40, "analytics", name=name, technique=technique, purpose="audience_measurement", set_by="Netkin", expires_on=day(-300))
    yield from _purchases(person, random, line, day)
    yield line("support_exchange", 64, "support", channel="phone", direction="in",
               subject="Question sur une facture" if is_french else "Question about an invoice",
               body="Demande le détail de la facture du mois de septembre." if is_french else "Asks for the detail of September’s invoice.",
               team="Support", minutes=6)
    yield line("support_exchange", 63, "support", channel="email", direction="out",
               subject="Votre facture" if is_french else "Your invoice", body="Détail envoyé." if is_french else "Detail sent.", team="Support")
    yield line("survey_answer", 120, "support", survey="Satisfaction 2026", question="Recommanderiez-vous Netkin ?" if is_french else "Would you recommend Netkin?",
               answer="Oui, pour le support." if is_french else "Yes, for the support.", score=random.randrange(6, 11))
    yield line("review", 200, "website", product=PRODUCTS[0][0], rating=random.randrange(3, 6), comment="Simple et rapide." if is_french else "Simple and quick.")
    yield line("profile_segment", 15, "analytics", segment="Petites entreprises" if is_french else "Small businesses", confidence=0.82, computed_on=day(15))
    yield line("fraud_score", 31, "payments", score=0.04, level="low", decision="accepted")
    for number in range(random.randrange(6, 14)):
        yield line("sign_in", number * 5.3, "platform", site="netkin.io", result="success", ip=f"203.0.113.{random.randrange(1, 250)}", browser="Firefox", system="Windows 11", place=town, country=country)
    yield line("device", 5, "platform", browser="Firefox", browser_version="146", system="Windows 11", time_zone="Europe/Paris", language=person.language, place=town, ip=f"203.0.113.{random.randrange(1, 250)}")
    wants_news = random.random() < 0.6
    for subject in ("Nos nouveautés d’automne", "Votre bilan de l’été") if wants_news else ():
        yield line("marketing_message", random.randrange(20, 90), "campaigns", channel="email", topic="product_news", subject=subject)
    yield _consent(person, "product_news.email", 240, "Oui, je souhaite recevoir vos nouveautés par e-mail.", given=wants_news)
    yield _consent(person, "surveys.email", 240, "Oui, je veux bien donner mon avis par e-mail.")
    yield _consent(person, "cookies.audience_measurement", 60, "J’accepte la mesure d’audience.")


def _consent(person: DemoCustomer, flag: str, days_ago: int, wording: str, *, given: bool = True) -> Line:
    """Return the line of a choice made elsewhere, before what was collected on the strength of it."""
    at = (clock.now() - timedelta(days=days_ago)).isoformat()
    return {
        "type": "consent", "customer": person.number, "flag": flag, "given": given, "at": at, "wording": wording,
        "source": "shop checkout",
    }  # fmt: skip


def _purchases(person: DemoCustomer, random: Random, line: Any, day: Any) -> Iterator[Line]:
    product, _english, price = random.choice(PRODUCTS)
    yield line("subscription", 360, "billing", product=product, plan="annuel", started_on=day(360), amount=price, currency="EUR", billed="monthly", renews=True)
    for month in range(1, random.randrange(5, 12)):
        number = f"F-{(clock.today() - timedelta(days=30 * month)).year}-{person.number[2:]}{month:02}"
        yield line("order", 30 * month + 1, "billing", number=f"CMD-{person.number[2:]}-{month:02}", items=product, amount=price, currency="EUR", status="delivered")
        yield line("invoice", 30 * month, "billing", number=number, amount=price, currency="EUR", issued_on=day(30 * month), status="paid")
        yield line("payment", 30 * month - 1, "payments", reference=f"P-{person.number[2:]}-{month:02}", amount=price, currency="EUR", method="card", status="accepted", invoice=number)
    yield line("refund", 75, "payments", reference=f"R-{person.number[2:]}-01", amount="12.00", currency="EUR", reason="Geste commercial")
