"""The data map: what the default covers, what a bad one is told, which values pass, when a record goes."""

from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from portal.bilingual import Label
from portal.durations import Period
from portal.organisation import Organisation
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.recipients import RecipientRegister
from portal.records.data_map.field_types import FieldType, Mask, ValueRefused
from portal.records.data_map.kinds import DEFAULT_FILE, DataMap, DataMapFaults, Kind, Nature
from portal.records.data_map.retention_rules import Duty, RecordDates, Retention, Start
from portal.records.imports.card_numbers import contains_card_number, contains_security_code
from portal.rights.lifecycle import Right

REQUIRED_KINDS = """
    civil_identity username social_account postal_address email_address phone_number payment_card page_visit
    product_usage tracker order payment refund invoice subscription support_exchange survey_answer review
    profile_segment fraud_score sign_in device marketing_message password_fact
"""
CARDS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "30569309025904",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
]


@pytest.fixture(scope="module")
def data_map() -> DataMap:
    return DataMap.load()


def kind(code: str) -> Kind:
    return DataMap.load().kinds[code]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_default_map_covers_the_nine_categories_and_every_kind(data_map: DataMap) -> None:
    assert set(REQUIRED_KINDS.split()) <= set(data_map.kinds)
    for category in CATEGORIES:
        assert data_map.of_category(category)


def test_every_kind_answers_the_five_questions(data_map: DataMap) -> None:
    register = RecipientRegister.of(Organisation.load())

    for declared in data_map.kinds.values():
        for language in ("fr", "en"):
            assert declared.label.text(language)
            assert declared.origin.label(language)
            assert declared.nature.label(language)
            assert all(purpose.label.text(language) for purpose in data_map.purposes_of(declared))
            assert declared.lawful_basis.label(language)
            assert declared.retention.text(language).endswith(".")
            assert declared.retention.legal_reference.text(language)
        assert len(register.of_codes(declared.recipients)) == len(set(declared.recipients))
        assert set(declared.rights()) <= set(Right)
        assert "access" in declared.rights()


def test_rights_are_no_more_than_the_law_gives(data_map: DataMap) -> None:
    kinds = data_map.kinds

    assert "objection" in kinds["profile_segment"].rights()
    assert "portability" not in kinds["profile_segment"].rights()
    assert "objection" not in kinds["invoice"].rights()
    assert "erasure" not in kinds["invoice"].rights()
    assert "portability" in kinds["order"].rights()
    assert kinds["fraud_score"].portable_fields == ()
    assert "internal_note" not in kinds["support_exchange"].portable_fields
    assert "body" in kinds["support_exchange"].portable_fields
    for declared in kinds.values():
        if declared.nature is Nature.INFERRED:
            assert not declared.is_portable
            assert declared.logic is not None


def test_the_default_map_names_only_declared_recipients() -> None:
    codes = {recipient.code for recipient in Organisation.load().recipients}

    DataMap.load(recipients=codes)
    with pytest.raises(DataMapFaults, match="“parent” is not a recipient"):
        DataMap.load(recipients=codes - {"parent"})


def changed(path: Path, *changes: tuple[str, str]) -> Path:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(DataMapFaults) as error:
        DataMap.load(path)
    return [str(fault) for fault in error.value.faults]


def test_every_fault_of_a_map_is_listed_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path / "map.toml",
        ('lawful_basis = "legitimate_interest"', 'lawful_basis = "whim"'),
        ('[kinds.username]\ncategory = "identity"', '[kinds.username]\ncategory = "names"'),
        ('period = "P25M"', 'period = "two years"'),
        ('purposes = ["opinions"]', 'purposes = ["gossip"]'),
        ('headline = ["use", "city"]', 'headline = ["use", "planet"]'),
        ('[kinds.order]\n', '[kinds.order]\ncolour = "blue"\n'),
    )  # fmt: skip

    faults = faults_of(path)
    assert "purposes.security.lawful_basis" in faults[0]
    assert "kinds.username.category" in faults[1]
    assert "kinds.page_visit.retention.period: must be a period such as P3Y, P13M or P15D" in faults
    assert "kinds.order.colour: is not known here; check the spelling" in faults
    assert "kinds.survey_answer.purposes: “gossip” is not declared under purposes" in faults
    assert "kinds.postal_address.headline: “planet” is not a field of this kind" in faults
    assert len(faults) == 6


FAULTY = [
    (("[kinds.page_visit]", '[kinds.page_visit]\nsensitive = "health"'), "art. 9"),
    (("[kinds.page_visit]", "[kinds.political_opinion]"), "art. 9"),
    (('name = "answer", type', 'name = "religion", type'), "fields[religion]: special categories"),
    (('label = { fr = "Réponse"', 'label = { fr = "Santé"'), "fields[answer]: special categories"),
    (('name = "answer", type', 'name = "criminal_record", type'), "fields[criminal_record]: special"),
    (('name = "holder", type', 'name = "cvv", type'), "fields[cvv]: a full card number"),
    (('name = "holder", type', 'name = "card_number", type'), "fields[card_number]: a full card number"),
    (('name = "line2", type', 'name = "line1", type'), "fields[line1]: is declared more than once"),
    (('name = "is_set", type = "boolean"', 'name = "is_set", type = "secret"'), "fields[is_set].type"),
    (("erasable = false", "erasable = true"), "kinds.civil_identity.keep_reason"),
    (('lawful_basis = "contract"\nrecipients', 'lawful_basis = "consent"\nrecipients'), "that of its first"),
    (('type = "currency"', 'type = "text"'), "fields[amount]: needs a field “currency”"),
    (('type = "choice", required', 'type = "text", required'), "choices go with the type choice"),
    (("starts = ", "start = "), "starts: is missing"),
    (('version = "1"', 'version = "1"\npurpose = 3'), "purpose: is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), FAULTY)
def test_a_fault_names_its_place(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert fault in "\n".join(faults_of(changed(tmp_path / "map.toml", change)))


def test_a_map_without_kinds_or_purposes_says_so(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('version = "1"\n', encoding="utf-8")

    assert faults_of(path)[:2] == ["purposes: is missing", "kinds: is missing"]
    assert faults_of(tmp_path / "absent.toml") == ["No such file or directory"]


def test_values_are_kept_in_one_form_and_in_the_order_of_the_fields() -> None:
    values = {
        "currency": "eur",
        "amount": 49.9,
        "number": "F-2026-0088",
        "issued_on": "2026-03-10",
        "vat": None,
    }

    assert kind("invoice").validate_values(values) == {
        "number": "F-2026-0088",
        "amount": "49.90",
        "currency": "EUR",
        "issued_on": "2026-03-10",
    }
    usage = {"product": "Hébergement", "uses": 12, "last_used_at": "2026-03-10T10:00:00+01:00"}
    assert kind("product_usage").validate_values(usage)["last_used_at"] == "2026-03-10T09:00:00+00:00"
    card = {"brand": "visa", "last4": "4242", "expires": "04/28"}
    assert kind("payment_card").validate_values(card)["expires"] == "2028-04"


INVOICE = {"number": "F-1", "amount": "10.00"}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("invoice", {"number": "F-1"}, "amount", "missing"),
    ("invoice", {**INVOICE, "colour": "blue"}, "colour", "unknown_field"),
    ("invoice", {**INVOICE, "religion": "…"}, "religion", "special_category"),
    ("invoice", {**INVOICE, "healthStatus": "…"}, "healthStatus", "special_category"),
    ("invoice", {**INVOICE, "amount": "ten"}, "amount", "wrong_type"),
    ("invoice", {**INVOICE, "amount": True}, "amount", "wrong_type"),
    ("invoice", {**INVOICE, "amount": float("nan")}, "amount", "too_large"),
    ("invoice", {**INVOICE, "amount": "1.23456"}, "amount", "wrong_type"),
    ("invoice", {**INVOICE, "amount": 4111111111111111}, "amount", "too_large"),
    ("invoice", {**INVOICE, "currency": "euros"}, "currency", "too_long"),
    ("invoice", {**INVOICE, "issued_on": "10/03/2026"}, "issued_on", "wrong_type"),
    ("invoice", {**INVOICE, "status": "lost"}, "status", "wrong_type"),
    ("product_usage", {"product": "x" * 501}, "product", "too_long"),
    ("product_usage", {"product": "a\x00b"}, "product", "control_characters"),
    ("product_usage", {"product": "a\nb"}, "product", "control_characters"),
    ("product_usage", {"product": "a\ud800"}, "product", "control_characters"),
    ("product_usage", {"product": "a", "uses": 1.5}, "uses", "wrong_type"),
    ("product_usage", {"product": "a", "last_used_at": "2026-03-10T10:00:00"}, "last_used_at", "wrong_type"),
    ("password_fact", {"is_set": "yes"}, "is_set", "wrong_type"),
    ("email_address", {"address": "nobody"}, "address", "wrong_type"),
    ("phone_number", {"number": "call me"}, "number", "wrong_type"),
    ("phone_number", {"number": "4111 1111 1111 1111"}, "number", "card_number"),
    ("sign_in", {"ip": "192.0.2"}, "ip", "wrong_type"),
    ("page_visit", {"page": "javascript:alert(1)"}, "page", "wrong_type"),
    ("postal_address", {"use": "billing", "line1": "x", "country": "FRA"}, "country", "too_long"),
    ("payment_card", {"brand": "visa", "last4": "4111111111111111"}, "last4", "card_number"),
    ("payment_card", {"brand": "visa", "last4": "42"}, "last4", "wrong_type"),
    ("payment_card", {"brand": "visa", "last4": "4242", "expires": "13/28"}, "expires", "wrong_type"),
    ("payment_card", {"brand": "visa", "last4": "4242", "cvv": "123"}, "cvv", "security_code"),
    ("payment_card", {"brand": "visa", "last4": "4242", "holder": "4111-1111-1111-1111"}, "holder",
     "card_number"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "values", "field", "reason"), REFUSED)
def test_a_value_that_may_not_be_stored_is_named(code: str, values: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        kind(code).validate_values(values)
    assert (refusal.value.field, refusal.value.code) == (field, reason)


def test_a_refusal_never_repeats_the_value() -> None:
    with pytest.raises(ValueRefused) as refusal:
        kind("survey_answer").validate_values({"survey": "s", "question": "q", "answer": "4111 1111 1111 1111"})
    assert "4111" not in str(refusal.value)


def test_values_must_be_an_object() -> None:
    with pytest.raises(ValueRefused):
        kind("invoice").validate_values(["F-1"])


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number_is_found_however_it_is_spaced(number: str) -> None:
    fours = [number[start : start + 4] for start in range(0, len(number), 4)]

    assert contains_card_number(number)
    assert contains_card_number(f"Ma carte : {' '.join(fours)}, merci")
    assert contains_card_number("-".join(fours))
    assert contains_card_number("\u202f".join(fours))
    assert contains_card_number(" ".join(number))
    assert contains_card_number(f"commande 12, carte {'.'.join(fours)} fin")
    assert contains_card_number(number.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)}))
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not contains_card_number(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rendez-vous le 2026-11-22 à 10:30",
        "06 12 34 56 78 ou 01 23 45 67 89",
        "+4915123456789",
        "IBAN FR14 2004 1010 0505 0001 3M02 606",
        "IBAN FR7630006000011234567890189",
        "Facture F-2026-0088 du 10 mars, 49,90 €",
        "1234567890123456",
        "41111111111111111111111111",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not contains_card_number(text)


def test_an_iban_does_not_hide_the_card_after_it() -> None:
    assert contains_card_number("FR7630006000011234567890189 4111 1111 1111 1111")


def test_a_typed_identifier_may_look_like_a_card() -> None:
    siret = "36252187400028"

    assert contains_card_number(siret)
    values = kind("civil_identity").validate_values({"family_name": "Lefèvre", "siret": siret})
    assert values["siret"] == siret


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CVV 123", True),
        ("mon cvc est: 1234", True),
        ("cryptogramme visuel 737", True),
        ("CVV2=999", True),
        ("le CVV est au dos", False),
        ("code 123", False),
        ("cvv 12345", False),
    ],
)
def test_a_security_code_is_found_by_its_name(text: str, expected: bool) -> None:
    assert contains_security_code(text) is expected


@pytest.mark.parametrize("text", ["cvv" + " " * 19_000, "123 " * 5_000, "1 " * 10_000, "FR76" + "A1 " * 6_000])
def test_a_hostile_text_is_searched_in_no_time(text: str) -> None:
    started = process_time()

    assert not contains_card_number(text)
    assert not contains_security_code(text)
    assert process_time() - started < 2


def test_masks_hide_what_they_say() -> None:
    assert plain(Mask.LAST4.apply("0612345678")) == "•••• 5678"
    assert Mask.LAST4.apply("678") == "••••"
    assert Mask.EMAIL.apply("camille@example.org") == "c•••e@example.org"
    assert Mask.YEAR.apply("1988-03-04") == "••/••/1988"
    assert Mask.NETWORK.apply("192.0.2.17") == "192.0.••"
    assert Mask.NETWORK.apply("2001:db8:1:2::5") == "2001:db8:1:••"
    assert Mask.ALL.apply("Camille") == "••••"
    masked = kind("sign_in").mask({"ip": "192.0.2.17", "site": "netkin.io", "gone": "x"})
    assert masked == {"ip": "192.0.••", "site": "netkin.io", "gone": "••••"}


SHOWN = [
    ("invoice", "amount", "1249.90", "1 249,90 €", "€1,249.90"),
    ("invoice", "issued_on", "2026-05-01", "vendredi 1er mai 2026", "Friday 1 May 2026"),
    ("invoice", "status", "paid", "Payée", "Paid"),
    ("password_fact", "is_set", True, "Oui", "Yes"),
    ("subscription", "renews", False, "Non", "No"),
    ("postal_address", "country", "DE", "Allemagne", "Germany"),
    ("phone_number", "number", "0612345678", "0612345678", "0612345678"),
    ("phone_number", "number", "+33612345678", "+33 6 12 34 56 78", "+33 6 12 34 56 78"),
    ("payment_card", "last4", "4242", "•••• 4242", "•••• 4242"),
    ("payment_card", "expires", "2028-04", "04/2028", "04/2028"),
    ("product_usage", "uses", 12500, "12 500", "12,500"),
    ("product_usage", "last_used_at", "2026-03-10T09:05:00+00:00", "mardi 10 mars 2026 à 10 h 05",
     "Tuesday 10 March 2026 at 10:05"),
    ("invoice", "due_on", None, "Non renseigné", "Not provided"),
    ("invoice", "gone", "x", "x", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "field", "value", "fr", "en"), SHOWN)
def test_a_value_is_shown_in_the_reader_s_language(code: str, field: str, value: Any, fr: str, en: str) -> None:
    assert plain(kind(code).format_value(field, value, "fr")) == fr
    assert plain(kind(code).format_value(field, value, "en")) == en


def test_an_amount_takes_the_currency_of_its_record() -> None:
    values = {"number": "F-1", "amount": "10.00", "currency": "GBP"}

    assert plain(kind("invoice").format_value("amount", "10.00", "en", values)) == "£10.00"
    assert kind("invoice").heading(values, "en") == ("F-1", "£10.00")


def test_facts_are_masked_until_asked() -> None:
    identity = kind("civil_identity")
    values = {"given_name": "Camille", "family_name": "Lefèvre", "birth_date": "1988-03-04"}

    assert ("Date de naissance", "••/••/1988") in identity.facts(values, "fr")
    assert ("Date de naissance", "vendredi 4\u00a0mars 1988") in identity.facts(values, "fr", is_masked=False)
    assert identity.heading({}, "fr") == ("État civil", "")


EXPIRES = [
    ("invoice", "2026-03-10", {}, "2036-12-31"),
    ("civil_identity", "2020-01-01", {"relationship_ended_on": "2026-06-30"}, "2031-06-30"),
    ("civil_identity", "2020-01-01", {}, None),
    ("sign_in", "2026-11-22", {}, "2027-11-22"),
    ("tracker", "2026-11-22", {}, "2027-12-22"),
    ("page_visit", "2026-11-22", {}, "2028-12-22"),
    ("support_exchange", "2020-01-01", {"last_contact_on": "2023-11-22"}, "2028-11-22"),
    ("payment_card", "2025-01-01", {"cancelled_on": "2026-01-31"}, "2027-02-28"),
    ("marketing_choice", "2025-01-01", {"withdrawn_on": "2026-01-31"}, "2031-01-31"),
    ("subscription", "2025-01-01", {"relationship_ended_on": "2026-01-31"}, "2031-01-31"),
]


@pytest.mark.parametrize(("code", "recorded_on", "dates", "expected"), EXPIRES)
def test_own_date(code: str, recorded_on: str, dates: dict[str, str], expected: str | None) -> None:
    known = {name: date.fromisoformat(text) for name, text in dates.items()}
    found = kind(code).retention.expires_on(RecordDates(date.fromisoformat(recorded_on), **known))  # type: ignore[arg-type]

    assert found == (date.fromisoformat(expected) if expected else None)


def test_the_financial_year_of_the_organisation_counts() -> None:
    assert kind("invoice").retention.expires_on(RecordDates(date(2026, 7, 1), None, (6, 30))) == date(2037, 6, 30)
    assert kind("invoice").retention.expires_on(RecordDates(date(2026, 3, 10), None, (2, 29))) == date(2037, 2, 28)


RULES = [
    ("P3Y", Start.LAST_CONTACT, date(2023, 11, 22), date(2026, 11, 22)),
    ("P3Y", Start.LAST_CONTACT, date(2024, 2, 29), date(2027, 2, 28)),
    ("P13M", Start.RECORDED_AT, date(2026, 1, 31), date(2027, 2, 28)),
    ("P15M", Start.RECORDED_AT, date(2026, 1, 31), date(2027, 4, 30)),
    ("P10Y", Start.FINANCIAL_YEAR_END, date(2026, 3, 10), date(2036, 12, 31)),
]


@pytest.mark.parametrize(("period", "starts", "recorded_on", "expected"), RULES)
def test_the_rules_of_retention(period: str, starts: Start, recorded_on: date, expected: date) -> None:
    rule = Retention(Period.parse(period), starts, Label("loi", "law"))

    assert rule.expires_on(RecordDates(recorded_on)) == expected


def test_outbound_mail_does_not_lengthen_and_inbound_does() -> None:
    rule = Retention(Period.parse("P3Y"), Start.LAST_CONTACT, Label("loi", "law"))

    assert rule.expires_on(RecordDates(date(2023, 1, 1))) == date(2026, 1, 1)
    assert rule.expires_on(RecordDates(date(2023, 1, 1), last_contact_on=date(2024, 5, 5))) == date(2027, 5, 5)


def test_the_archive_stands_in_the_rule_in_words() -> None:
    rule = kind("invoice").retention
    assert plain(rule.text("fr")).endswith("jusqu’à 10 ans après la fin de l’exercice comptable.")


RULE = """
[[kinds.invoice.retention.when]]
code = "large"
field = "amount"
at_least = "1000"
period = "P0D"
starts = "recorded_at"
duty = "choice"
erasable = true
legal_reference = { fr = "loi", en = "law" }
"""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("", ""), ""),
        (('field = "amount"', 'field = "number"'), "when[0].field: “number” is not an amount"),
        (('field = "amount"\n', ""), "when[0].at_least: goes with field"),
        (('field = "amount"\nat_least = "1000"\n', ""), "when[0]: needs a field with at_least, or a capacity"),
        (('at_least = "1000"', 'at_least = "much"'), "must be a number"),
        (("erasable = true", "erasable = false"), "when[0].keep_reason: goes with erasable = false"),
        (
            ("erasable = true", 'erasable = false\nkeep_reason = { fr = "x", en = "x" }'),
            "when[0].duty: must be law where erasable = false",
        ),
        (('code = "large"', 'code = "hold"'), "when[0].code: is that of another rule"),
        (("erasable = true", 'erasable = true\ncapacity = "company"'), "capacity"),
        (("erasable = true", "erasable = true\naudience = 1"), "audience"),
    ],
)
def test_a_rule_that_depends_on_a_value_is_checked(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(DEFAULT_FILE.read_text("utf-8") + RULE.replace(*change), "utf-8")
    found = faults_of(path) if fault else []
    assert any("kinds.invoice.retention" in each and fault in each for each in found) == bool(fault), found
    if not fault:
        invoices = DataMap.load(path).kinds["invoice"]
        assert [rule.legal_reference.en for rule in invoices.retention.rules()][1:] == ["law"]
        assert "erasure" in invoices.rights(), "some of them may be erased"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('values = ["open"]', 'values = ["shipped"]'), "kinds.order.open_while: must name a choice"),
        (("contract = true\nopen_while", "open_while"), "kinds.order.open_while: goes with contract = true"),
        (('open_while = { field = "status", values = ["open"] }\n', ""), "kinds.order.contract: needs open_while"),
    ],
)
def test_a_contract_says_when_it_goes_on(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert any(fault in each for each in faults_of(changed(tmp_path / "map.toml", change)))


def test_a_law_and_a_choice_of_the_company_are_told_apart() -> None:
    orders = kind("order")
    (from_120,) = orders.retention.when
    assert (orders.duty_of(orders.retention), orders.duty_of(from_120)) == (Duty.CHOICE, Duty.LAW)
    assert orders.is_erasable(orders.retention) and not orders.is_erasable(from_120)
    assert kind("invoice").duty_of(kind("invoice").retention) is Duty.LAW


def test_the_retention_of_a_kind_says_each_of_its_rules() -> None:
    text = plain(kind("order").retention_text("fr"))
    assert "au plus tard jusqu’à 5 ans après la livraison." in text
    assert "Montant de 120,00 € ou plus, si vous êtes un consommateur : pendant votre relation avec nous" in text
    assert "au plus tard jusqu’à 10 ans après la livraison." in text
    assert "Amount of €120.00 or more, if you are a consumer: while you are our customer" in kind(
        "order"
    ).retention_text("en")


def test_no_kind_keeps_a_field_that_could_hold_a_card_number(data_map: DataMap) -> None:
    for declared in data_map.kinds.values():
        for field in declared.declared:
            if field.type in {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PHONE, FieldType.CARD_LAST4}:
                required: dict[str, Any] = {field.name: CARDS[0]}
                with pytest.raises(ValueRefused):
                    declared.validate_values(_filled(declared) | required)


def _filled(declared: Kind) -> dict[str, Any]:
    samples = {
        FieldType.CARD_LAST4: "4242",
        FieldType.MONEY: "1.00",
        FieldType.BOOLEAN: True,
        FieldType.NUMBER: 1,
        FieldType.EMAIL: "a@b.fr",
        FieldType.URL: "/",
        FieldType.PHONE: "0612345678",
    }
    return {
        field.name: next(iter(field.choices), None) or samples.get(field.type, "x")
        for field in declared.declared
        if field.required
    }
