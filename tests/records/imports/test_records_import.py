"""`flask import`: what is taken, what is refused by line and field, what stays."""

import json
from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import restrict as lock
from portal.preferences.choices.states import read_state
from portal.records.models import CategoryCount, Record
from tests.support.acting.people import People
from tests.support.keeping import restrict
from tests.support.records import Importer, Line, customer, invoice, record, removed, visit


def counts() -> dict[str, int]:
    """Return the kept counts by category, over everybody."""
    db.session.rollback()
    rows = db.session.execute(select(CategoryCount.category, func.sum(CategoryCount.count)).group_by("category"))
    return {category: count for category, count in rows if count}


def stored(external_id: str) -> Record:
    db.session.rollback()
    return db.session.execute(select(Record).where(Record.external_id == external_id)).scalar_one()


def the_customer(external_id: str = "C-1001") -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer).where(Customer.external_id == external_id)).scalar_one()


def assert_counts_are_true() -> None:
    """Compare the kept counts and newest instants with the records themselves."""
    db.session.rollback()
    columns = (Record.customer_id, Record.category, func.count(), func.max(Record.recorded_at))
    true = {tuple(row) for row in db.session.execute(select(*columns).group_by(Record.customer_id, Record.category))}
    kept = select(
        CategoryCount.customer_id, CategoryCount.category, CategoryCount.count, CategoryCount.last_recorded_at
    ).where(CategoryCount.count > 0)
    assert {tuple(row) for row in db.session.execute(kept)} == true


def test_the_lines_of_the_contract_are_taken(importer: Importer) -> None:
    path = importer.file(customer(), invoice(), visit(1), removed("page_visit", "V-1"))
    done = importer.run("--json", str(path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "lines": 4, "accepted": 4, "unchanged": 0, "refused": [], "refused_count": 0, "archived": 0, "erased": 0,
    }  # fmt: skip
    camille = the_customer()
    assert (camille.given_name, camille.family_name) == ("Camille", "Lefèvre")
    assert camille.email_normalised == "c-1001@example.org"
    assert camille.birth_date == date(1988, 3, 4)
    assert camille.imported_at is not None
    held = stored("F-2026-0088")
    assert held.values == {"number": "F-2026-0088", "amount": "49.90", "currency": "EUR"}
    assert held.recorded_at == datetime.fromisoformat("2026-03-10T09:00:00+00:00")
    assert (held.category, held.source) == ("transaction", "billing")
    assert held.expires_on == date(2036, 12, 31)
    assert counts() == {"transaction": 1}


def test_the_run_leaves_one_event_with_counts_and_no_data(importer: Importer) -> None:
    importer.take(customer(), invoice(), "not json", code=1)
    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "portal:records:imported")).scalar_one()
    assert event.facts == {
        "channel": "command", "lines": 3, "accepted": 2, "unchanged": 0, "refused": 1, "archived": 0, "erased": 0, "is_complete": True,
    }  # fmt: skip


def test_the_same_file_again_changes_nothing(importer: Importer) -> None:
    lines = [customer(), invoice(), *(visit(number) for number in range(30))]
    importer.take(*lines)
    before = counts(), stored("F-2026-0088").received_at
    again = importer.take(*lines)
    assert (again["accepted"], again["unchanged"], again["refused_count"]) == (0, 32, 0)
    assert (counts(), stored("F-2026-0088").received_at) == before
    assert_counts_are_true()


def test_a_second_arrival_updates_and_a_removal_removes(importer: Importer) -> None:
    importer.take(customer(), invoice(), visit(1), visit(200))
    report = importer.take(
        invoice(amount="59.90", recorded_at="2026-03-11T10:00:00+01:00"),
        removed("page_visit", "V-200"),
        removed("page_visit", "V-999"),
        visit(1),
        customer(family_name="Martin", email="new@example.org"),
    )
    assert (report["accepted"], report["unchanged"]) == (3, 2)
    assert stored("F-2026-0088").values["amount"] == "59.90"
    assert counts() == {"transaction": 1, "usage": 1}
    assert the_customer().family_name == "Martin"
    assert the_customer().email_normalised == "new@example.org"
    assert_counts_are_true()


def test_a_record_moves_through_its_whole_life_within_one_batch(importer: Importer) -> None:
    importer.take(
        customer(), invoice(amount="1.00"), invoice(amount="2.00"), removed("invoice", "F-2026-0088"),
        invoice(amount="3.00"), visit(5), removed("page_visit", "V-5"),
    )  # fmt: skip
    assert stored("F-2026-0088").values["amount"] == "3.00"
    assert counts() == {"transaction": 1}
    assert_counts_are_true()


CARD = "4111 1111 1111 1111"
REFUSED = [
    ("{", None, "is not JSON"),
    ("[1, 2]", None, "is not a JSON object"),
    ("[" * 5000 + "]" * 5000, None, "is not JSON"),
    ('{"type":"record","customer":"C-1001","kind":"invoice"', None, "is not JSON"),
    (b'{"type":"customer","external_id":"\xff\xfe"}', None, "is not JSON"),
    ({"type": "person"}, "type", "write one of customer, record, removed, consent"),
    ({"type": ["record"]}, "type", "write one of"),
    (customer(nickname="Cam"), "nickname", "is not known here"),
    (customer(external_id=""), "external_id", "is empty"),
    (customer() | {"external_id": 12}, "external_id", "is not a text"),
    (customer("x" * 101), "external_id", "is longer than 100"),
    (customer("C-2", email="not an address"), "email", "is not an e-mail address"),
    (customer("C-2", birth_date="04/03/1988"), "birth_date", "is not a date"),
    (customer("C-2", birth_date="2999-01-01"), "birth_date", "lies outside"),
    (customer("C-2", birth_date="2190-01-01"), "birth_date", "lies in the future"),
    (customer("C-2", given_name="Ca\u0000mille"), "given_name", "holds a null character"),
    (customer("C-2", given_name="Ca\u0007mille"), "given_name", "holds a control character"),
    (customer("C-2", given_name="Ca\u0085mille"), "given_name", "holds a control character"),
    (customer("C-2", given_name="Ca\u2028mille"), "given_name", "holds a control character"),
    (customer("C-2", email="C-1001@EXAMPLE.org"), "email", "belongs to another customer"),
    (invoice(customer="C-404"), "customer", "is not known"),
    (invoice(source="spreadsheet"), "source", "is not a registered system"),
    (invoice(source=None), "source", "is missing"),
    (invoice(recorded_at="2026-03-10T10:00:00"), "recorded_at", "needs a time zone"),
    (invoice(recorded_at="2026-03-10"), "recorded_at", "needs a time zone"),
    (invoice(recorded_at="yesterday"), "recorded_at", "is not an instant"),
    (invoice(recorded_at="0001-01-01T00:00:00+14:00"), "recorded_at", "lies outside"),
    (invoice(recorded_at=1773133200), "recorded_at", "is not an instant"),
    (record("horoscope", "H-1", {"sign": "lion"}), "kind", "is not declared in the data map"),
    (record("health_record", "H-1", {"text": "x"}), "kind", "special category"),
    (record("croyance_religieuse", "H-1", {"text": "x"}), "kind", "special category"),
    (invoice() | {"values": {"number": "F-1", "amount": "1", "religion": "x"}}, "values.religion", "special category"),
    (invoice() | {"values": {"number": "F-1", "amount": "1", "mood": "x"}}, "values.mood", "is not a field"),
    (invoice() | {"values": {"number": "F-1"}}, "values.amount", "is missing"),
    (invoice() | {"values": {"number": "F-1", "amount": {"a": [1]}}}, "values.amount", "must be a number"),
    (invoice() | {"values": ["F-1"]}, "values", "is not a JSON object"),
    (record("payment_card", "K-1", {"brand": "visa", "last4": CARD}), "values.last4", "card number"),
    (record("payment_card", "K-1", {"brand": "visa", "last4": "1111", "cvv": "123"}), "values.cvv", "may never"),
    (
        record("support_exchange", "E-1", {"channel": "email", "direction": "in", "body": f"Ma carte {CARD}, merci"}),
        "values.body", "card number",
    ),
    (
        record("support_exchange", "E-1", {"channel": "email", "direction": "in", "body": "Le CVV : 123"}),
        "values.body", "security code",
    ),
    (removed("horoscope", "H-1"), "kind", "is not declared"),
    ({"type": "consent", "customer": "C-1001", "given": "yes"}, "given", "write true or false"),
]  # fmt: skip


def test_nothing_turns_the_direction_of_a_name_or_a_reference(importer: Importer) -> None:
    importer.take(
        customer(
            "\u200eC-1001\u200f",
            given_name="\u202eZoe\u0301",
            family_name="Le\u00a0 Gall",
            email="\u202azoe@example.org\u202c",
        ),
        record(
            "support_exchange",
            "\u200eE-1",
            {"channel": "email", "direction": "in", "subject": "\u2066Un\u202e mot", "body": "\u200eUn\u202e mot"},
        ),
    )
    zoe = the_customer()
    assert (zoe.given_name, zoe.family_name, zoe.email) == ("Zoé", "Le Gall", "zoe@example.org")
    assert stored("E-1").values == {"channel": "email", "direction": "in", "subject": "Un mot", "body": "\u200eUn mot"}


def test_each_refusal_names_the_line_and_the_field_and_harms_no_neighbour(importer: Importer) -> None:
    lines = [customer()]
    for bad, _field, _reason in REFUSED:
        lines += [bad, visit(len(lines))]
    report = importer.take(*lines, code=1)
    assert report["accepted"] == 1 + len(REFUSED)
    assert [refusal["line"] for refusal in report["refused"]] == list(range(2, 2 * len(REFUSED) + 1, 2))
    for (bad, field, reason), refusal in zip(REFUSED, report["refused"], strict=True):
        assert refusal["field"] == field, f"{str(bad)[:200]}: {refusal}"
        assert reason in refusal["reason"], f"{str(bad)[:200]}: {refusal}"
    assert counts() == {"usage": len(REFUSED)}
    assert CARD not in json.dumps(report)


def test_a_line_that_is_too_long_is_passed_over(importer: Importer) -> None:
    long = customer("C-2", given_name="x" * 300_000)
    report = importer.take(customer(), long, visit(1), code=1)
    assert report["refused"] == [{"line": 2, "field": None, "reason": "is longer than 256 KiB"}]
    assert report["accepted"] == 2


def test_typed_identifiers_are_no_card_numbers(importer: Importer) -> None:
    # 4000000000000002 is a test card; as a SIRET or an order number it is nobody's means of payment.
    report = importer.take(
        customer(),
        record("civil_identity", "I-1", {"family_name": "Lefèvre", "siret": "40000000000002"}),
        record("order", "O-1", {"number": "4000000000000002", "amount": "10"}),
    )
    assert report["accepted"] == 3


def test_one_address_belongs_to_one_customer_in_whatever_order(importer: Importer) -> None:
    importer.take(customer("C-1", email="shared@example.org"))
    report = importer.take(
        customer("C-2", email="SHARED@example.org"),
        invoice(of="C-2"),
        customer("C-3", email="third@example.org"),
        customer("C-4", email="third@EXAMPLE.org"),
        code=1,
    )
    assert [(refusal["line"], refusal["field"]) for refusal in report["refused"]] == [
        (1, "email"), (2, "customer"), (4, "email"),
    ]  # fmt: skip
    swapped = importer.take(customer("C-1", email="moved@example.org"), customer("C-3", email="shared@example.org"))
    assert swapped["accepted"] == 2
    assert the_customer("C-3").email_normalised == "shared@example.org"


def test_the_sign_in_address_of_a_claimed_account_stays(importer: Importer, people: People) -> None:
    people.account("camille@example.org")
    reference = "C-camille"
    report = importer.take(customer(reference, email="other@example.org", family_name="Durand"))
    assert report["accepted"] == 1
    assert the_customer(reference).email_normalised == "camille@example.org"
    assert the_customer(reference).family_name == "Durand"


def test_erased_people_do_not_come_back_and_restricted_ones_are_only_stored(importer: Importer) -> None:
    importer.take(customer("C-1"), customer("C-2"), invoice(of="C-2"), visit(1, of="C-2"))
    with transaction():
        the_customer("C-1").status = CustomerStatus.ERASED
    with transaction():
        restrict(the_customer("C-2"))
    report = importer.take(
        customer("C-1", family_name="Back"), invoice(of="C-1"), removed("invoice", "F-2026-0088", "C-1"),
        invoice("F-2", of="C-2"), invoice(amount="0.01", of="C-2"), removed("page_visit", "V-1", "C-2"),
        customer("C-2", family_name="Other"), customer("C-2"),
        code=1,
    )  # fmt: skip
    assert [(refusal["line"], refusal["field"]) for refusal in report["refused"]] == [
        (1, "external_id"), (2, "customer"), (5, "customer"), (6, "customer"), (7, "external_id"),
    ]  # fmt: skip
    assert counts() == {"transaction": 2, "usage": 1}
    assert the_customer("C-1").family_name == "Lefèvre"


def segment(external_id: str, group: str = "A", of: str = "C-1") -> Line:
    return record("profile_segment", external_id, {"segment": group}, of)


def test_what_a_restriction_locks_is_only_stored_category_by_category(importer: Importer) -> None:
    importer.take(customer("C-1"), invoice(of="C-1"), visit(1, of="C-1"), segment("S-1"))
    with transaction():
        lock(the_customer("C-1").id, None, Ground18.CLAIMS, ["usage", "profile", "contact"])
    report = importer.take(
        invoice(amount="0.01", of="C-1"),  # not locked: it changes
        visit(2, of="C-1"),  # new: stored, and locked
        visit(1, of="C-1", recorded_at="2026-02-01T10:00:00+01:00"),
        removed("page_visit", "V-1", "C-1"),
        segment("S-2"),  # a new score of somebody who must not be scored
        segment("S-1", "B"),
        customer("C-1", email="other@example.org"),
        customer("C-1", family_name="Other"),
        code=1,
    )
    assert [(refusal["line"], refusal["field"]) for refusal in report["refused"]] == [
        (3, "customer"), (4, "customer"), (5, "customer"), (6, "customer"), (7, "external_id"),
    ]  # fmt: skip
    assert counts() == {"transaction": 1, "usage": 2, "profile": 1}
    assert stored("F-2026-0088").values["amount"] == "0.01"
    assert (the_customer("C-1").family_name, the_customer("C-1").email) == ("Other", "c-1@example.org")


def consent(given: bool, at: str, flag: str = "offers.email", of: str = "C-1001") -> Line:
    return {
        "type": "consent", "customer": of, "flag": flag, "given": given, "at": at,
        "wording": "Oui, je souhaite recevoir vos offres", "source": "shop checkout",
    }  # fmt: skip


def test_consent_lines_reach_the_proofs_and_never_rise_over_a_newer_no(importer: Importer) -> None:
    lines = [
        customer(),
        consent(True, "2026-02-01T09:00:00+01:00"),
        consent(False, "2026-03-01T09:00:00+01:00"),
        consent(True, "2026-01-01T09:00:00+01:00"),
    ]
    assert importer.take(*lines)["accepted"] == 4
    db.session.rollback()
    assert read_state(the_customer().id).flags["offers.email"] is False
    assert importer.take(*lines)["unchanged"] == 4
    report = importer.take(
        consent(True, "2026-04-01T09:00:00+02:00", of="C-404"),
        consent(True, "2026-04-01T09:00:00+02:00", flag="horoscopes.email"),
        consent(True, "2026-04-01T09:00:00"),
        consent(True, "2026-04-01T09:00:00+02:00"),
        code=1,
    )
    assert [(refusal["line"], refusal["field"]) for refusal in report["refused"]] == [
        (1, "customer"), (2, "flag"), (3, "at"),
    ]  # fmt: skip
    db.session.rollback()
    assert read_state(the_customer().id).flags["offers.email"] is True


def test_a_customer_and_their_consent_may_come_in_one_batch_with_bad_neighbours(importer: Importer) -> None:
    report = importer.take(
        consent(True, "2026-02-01T09:00:00+01:00"), customer(), consent(True, "2026-02-01T09:00:00+01:00"), code=1
    )
    assert [refusal["line"] for refusal in report["refused"]] == [1]
    assert report["accepted"] == 2


def test_last_days_follow_the_relationship_and_the_last_exchange(importer: Importer) -> None:
    address = {"use": "billing", "line1": "28 rue Sainte Foy", "city": "Paris"}
    exchange = {"channel": "email", "direction": "in", "subject": "Bonjour"}
    importer.take(
        customer(),
        record("postal_address", "A-1", address),
        record("support_exchange", "E-1", exchange, recorded_at="2023-05-01T10:00:00Z"),
    )
    assert stored("A-1").expires_on is None
    assert stored("E-1").expires_on == date(2028, 5, 1)
    received_at = stored("A-1").received_at
    importer.take(
        record("support_exchange", "E-2", exchange | {"direction": "out"}, recorded_at="2026-01-01T10:00:00Z"),
        record("support_exchange", "E-3", exchange, recorded_at="2025-06-01T10:00:00Z"),
        customer(relationship_ended_on="2025-03-31"),
        record("postal_address", "A-1", address),
    )
    assert stored("A-1").expires_on == date(2030, 3, 31)
    assert stored("E-1").expires_on == date(2030, 6, 1)
    assert stored("E-2").expires_on == date(2031, 1, 1)
    assert stored("A-1").received_at == received_at
    importer.take(customer(relationship_ended_on=None))
    assert stored("A-1").expires_on is None


def test_standard_input_summary_and_exit_codes(importer: Importer) -> None:
    path = importer.file(customer(), "oops")
    piped = importer.run("-", stdin=path.read_bytes())
    assert piped.returncode == 1
    assert piped.stdout == "2 lines: 1 accepted, 0 unchanged, 1 refused.\n"
    assert "line 2: is not JSON" in piped.stderr
    absent = importer.run_here(str(path.with_name("absent")))
    assert (absent.exit_code, absent.stdout) == (2, "")
    assert "cannot be read: No such file" in absent.stderr
    assert importer.run_here(str(path.parent)).exit_code == 2
    path.write_bytes(b"")
    assert importer.run_here(str(path)).stdout == "0 lines: 0 accepted, 0 unchanged, 0 refused.\n"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_matter(importer: Importer, ending: bytes) -> None:
    path = importer.file(customer(), "", invoice())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", ending).rstrip())
    report = json.loads(importer.run_here("--json", str(path)).stdout)
    assert (report["lines"], report["accepted"]) == (2, 2)
