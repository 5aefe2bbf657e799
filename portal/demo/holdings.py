"""What the company's systems hold about the people of the demonstration, as lines of an import."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from portal import clock
from portal.demo.consents import OBJECTOR, WITHOUT_PROOF, consent_lines
from portal.demo.people import CUSTOMERS, DemoCustomer
from portal.infrastructure import installed

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
            "customer_since": person.since.isoformat() if person.since else None, "relationship_ended_on": person.ended_on.isoformat() if person.ended_on else None,
        }  # fmt: skip
    for person in CUSTOMERS:
        yield from _records(person, person.since) if person.since else _of_prospect(person)
        yield from consent_lines(person)
    for system in installed.organisation().systems:
        yield {"type": "complete", "source": system.code, "at": clock.now().isoformat()}


def _of_prospect(person: DemoCustomer) -> Iterator[Line]:
    """Yield what is held of somebody who asked for a quote and never bought: the file ends three years later."""
    # At noon of that day in Paris: the same hour before summer time ended may be another day.
    asked_at = (clock.start_of(clock.today() - timedelta(days=person.asked_days_ago)) + timedelta(hours=12)).isoformat()
    values: dict[str, Line] = {
        "email_address": {"address": person.email, "use": "work"},
        "phone_number": {"number": person.phone, "line": "mobile"},
        "support_exchange": {"channel": "web_form", "direction": "in", "subject": "Demande de devis", "body": "Une boutique en ligne pour mes poteries : combien ?", "team": "Ventes"},
    }  # fmt: skip
    for kind, content in values.items():
        yield {
            "type": "record", "customer": person.number, "kind": kind, "external_id": f"{person.number}-{kind}", "recorded_at": asked_at,
            "source": "website", "values": content,
        }  # fmt: skip


def _records(person: DemoCustomer, customer_since: date) -> Iterator[Line]:
    random = Random(person.number)  # noqa: S311 - the same people every time, nothing secret
    is_french = person.language == "fr"
    street, postcode, town, country = person.address
    counter = iter(range(1, 10_000))

    def line(kind: str, days_ago: float, source: str, **values: Any) -> Line:
        instant = clock.now() - timedelta(days=days_ago + person.ended_days_ago, minutes=random.randrange(600))
        return {
            "type": "record", "customer": person.number, "kind": kind,
            "external_id": f"{person.number}-{kind}-{next(counter)}", "recorded_at": instant.isoformat(),
            "source": source, "values": values,
        }  # fmt: skip

    def day(days_ago: int) -> str:
        return (clock.today() - timedelta(days=days_ago + person.ended_days_ago)).isoformat()

    since = (clock.today() - customer_since).days - person.ended_days_ago
    yield line("civil_identity", since, "platform", title="mrs" if person.given_name[-1] in "aeè" else "mr",
               title_given_on=customer_since.isoformat(), given_name=person.given_name, family_name=person.family_name, birth_date=person.birth_date.isoformat())
    yield line("username", since, "platform", username=person.email.split("@")[0], site="netkin.io")
    yield line("password_fact", 210, "platform", is_set=True, changed_on=day(210))
    if person.number == LINKED_WITH_FACEBOOK:
        yield line("social_account", 300, "website", network="facebook", username=f"{person.given_name} {person.family_name[0]}.")
    for use in ("billing", "delivery"):
        yield line("postal_address", 400, "platform", use=use, recipient=f"{person.given_name} {person.family_name}",
                   line1=street, postal_code=postcode, city=town, country=country)
    yield line("email_address", since, "platform", address=person.email, use="personal")
    yield line("partner_contact", 330, "campaigns", partner="Annuaire des artisans", given_name=person.given_name, family_name=person.family_name,
               company=f"Atelier {person.family_name}", email=person.email, received_on=day(330))
    yield line("phone_number", 380, "platform", number=person.phone, line="mobile")
    yield line("payment_card", 90, "payments", brand=random.choice(["visa", "mastercard", "cb"]),
               last4=f"{random.randrange(10_000):04}", expires=f"{clock.today().year + 2}-0{random.randrange(1, 10)}", kept_for="subscription")
    for number in range(random.randrange(30, 70)):
        yield line("page_visit", number * 1.7, "analytics", page=f"https://netkin.fr/{random.choice(PAGES)}", seconds=random.randrange(5, 400))
    for feature in ("statistiques", "sauvegardes"):
        yield line("product_usage", random.randrange(1, 20), "platform", product=random.choice(PRODUCTS)[0], feature=feature, uses=random.randrange(1, 60))
    for name, technique, purpose in (
        ("_audience", "cookie", "audience_measurement"), ("mail-pixel", "pixel", "audience_measurement"),
        ("page-beacon", "beacon", "audience_measurement"), ("ad-id", "mobile_id", "advertising"),
    ):  # fmt: skip
        yield line("tracker", 40, "analytics", name=name, technique=technique, purpose=purpose, set_by="Netkin",
                   identifier=f"{random.randrange(10**12):012}", expires_on=day(-300))
    yield line("email_open", 105, "campaigns", subject="Votre bilan de l’été" if is_french else "Your summer in review", opened_on=day(105), clicked=True)
    if person.number != OBJECTOR:
        yield line("advert_seen", 110, "campaigns", campaign="Rentrée des artisans" if is_french else "Back to business", network="Exemple Régie", clicked=False)
    yield from _purchases(person, random, line, day)
    yield line("support_exchange", 64, "support", channel="phone", direction="in",
               subject="Question sur une facture" if is_french else "Question about an invoice",
               body="Demande le détail de la facture du mois de septembre." if is_french else "Asks for the detail of September’s invoice.",
               team="Support", minutes=6)
    yield line("support_exchange", 63, "support", channel="email", direction="out",
               subject="Votre facture" if is_french else "Your invoice", body="Détail envoyé." if is_french else "Detail sent.", team="Support")
    yield line("support_exchange", 52, "platform", channel="platform", direction="in",
               subject="Mon retour sur le nouvel éditeur" if is_french else "My feedback on the new editor",
               body="Plus rapide qu’avant, bravo." if is_french else "Quicker than before, well done.", team="Support")
    yield line("support_exchange", 47, "website", channel="web_form", direction="in",
               subject="Demande de devis" if is_french else "Request for a quote", body="Une deuxième boutique, combien ?" if is_french else "A second shop, how much?", team="Support")
    yield line("support_exchange", 44, "support", channel="social_network", direction="in",
               subject="Message privé" if is_french else "Private message", body="Votre page est belle !" if is_french else "Nice page!", team="Support")
    yield line("survey_answer", 120, "support", survey="Satisfaction 2026", question="Recommanderiez-vous Netkin ?" if is_french else "Would you recommend Netkin?",
               answer="Oui, pour le support." if is_french else "Yes, for the support.", score=random.randrange(6, 11))
    yield line("review", 200, "website", product=PRODUCTS[0][0], rating=random.randrange(3, 6), comment="Simple et rapide." if is_french else "Simple and quick.")
    yield line("declared_preference", 150, "website", topic="Thème" if is_french else "Theme", value="Artisanat" if is_french else "Crafts")
    yield line("profile_segment", 15, "analytics", segment="Petites entreprises" if is_french else "Small businesses", confidence=0.82, computed_on=day(15))
    yield line("fraud_score", 31, "payments", score=0.04, level="low", decision="accepted")
    for number in range(random.randrange(6, 14)):
        yield line("sign_in", number * 5.3, "platform", site="netkin.io", result="success", ip=f"203.0.113.{random.randrange(1, 250)}", browser="Firefox", system="Windows 11", place=town, country=country)
    address = f"203.0.113.{random.randrange(1, 250)}"
    yield line("device", 5, "platform", browser="Firefox", browser_version="146", plug_ins="PDF.js 4.8, uBlock Origin 1.61", system="Windows 11", platform="x86-64",
               time_zone="Europe/Paris", language=person.language, screen="1920 × 1080", place=town, ip=address)
    yield line("device", 8, "platform", browser="Safari", browser_version="26", system="iOS 26", platform="iPhone", time_zone="Europe/Paris",
               language=person.language, screen="390 × 844", place=town, ip=address)
    yield line("network_information", 5, "platform", provider="Exemple GeoIP", ip=address, operator="Exemple Télécom", place=town, country=country)
    for subject, days_ago in (("Nos nouveautés de printemps", 200), ("Votre bilan de l’été", 106)) if is_french else (("Our spring news", 200), ("Your summer in review", 106)):
        yield line("marketing_message", days_ago, "campaigns", channel="email", topic="product_news", subject=subject, sender="Netkin")
    yield line("marketing_choice", 260, "website", subject="Nouveautés par e-mail" if is_french else "News by e-mail", is_accepted=person.number != WITHOUT_PROOF, where="netkin.fr")
    yield line("communication_choice", 260, "website", channel="email", is_accepted=True, language=person.language)


def _purchases(person: DemoCustomer, random: Random, line: Any, day: Any) -> Iterator[Line]:
    product, _english, price = random.choice(PRODUCTS)
    yield line("subscription", 360, "billing", product=product, plan="annuel", started_on=day(360), amount=price, currency="EUR", billed="monthly", renews=not person.ended_on,
               **({"ends_on": person.ended_on.isoformat()} if person.ended_on else {}))
    for month in range(1, random.randrange(5, 12)):
        number = f"F-{(clock.today() - timedelta(days=30 * month)).year}-{person.number[2:]}{month:02}"
        yield line("order", 30 * month + 1, "billing", number=f"CMD-{person.number[2:]}-{month:02}", items=product, amount=price, currency="EUR", status="delivered")
        yield line("invoice", 30 * month, "billing", number=number, amount=price, currency="EUR", issued_on=day(30 * month), status="paid")
        yield line("payment", 30 * month - 1, "payments", reference=f"P-{person.number[2:]}-{month:02}", amount=price, currency="EUR", method="card", status="accepted", invoice=number)
    yield line("order", 200, "billing", number=f"CMD-{person.number[2:]}-AN", items="Nom de domaine, dix ans" if person.language == "fr" else "Domain name, ten years",
               amount="178.80", currency="EUR", status="delivered", delivered_on=day(199))
    yield line("refund", 75, "payments", reference=f"R-{person.number[2:]}-01", amount="12.00", currency="EUR", reason="Retour dans les 14 jours" if person.language == "fr" else "Returned within 14 days")
