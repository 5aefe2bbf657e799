"""The organisation file: the default one, its gaps, and every fault of a bad one at once."""

from pathlib import Path

import pytest

from portal.durations import Period
from portal.organisation import DEFAULT_FILE, GapCode, IdentityPolicySetting, Organisation, OrganisationFaults
from portal.personal_data.organisation_gaps import gaps
from portal.personal_data.recipients import RecipientRegister, as_answer
from portal.rights.lifecycle import Right


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "organisation.toml"


def changed(path: Path, *changes: tuple[str, str]) -> Path:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(OrganisationFaults) as error:
        Organisation.load(path)
    return [str(fault) for fault in error.value.faults]


def test_the_default_file_carries_the_facts_of_the_policy() -> None:
    organisation = Organisation.load()

    assert organisation.legal_name == "Netkin SAS"
    assert organisation.postal_address == "Netkin SAS, 28 rue Sainte Foy, 75002 Paris"
    assert organisation.contact.email == organisation.officer_email == "support@netkin.fr"
    assert organisation.parent is not None
    assert organisation.parent.name == "AJJM"
    assert organisation.authority.name == "CNIL"
    assert organisation.financial_year_end_day == (12, 31)
    assert organisation.system("billing") is not None
    assert organisation.system("unheard_of") is None


def test_each_right_has_an_identity_setting() -> None:
    organisation = Organisation.load()
    settings = {right: organisation.identity_policy.for_right(right) for right in Right}

    never = {Right.RESTRICTION, Right.OBJECTION}
    assert {right for right, setting in settings.items() if setting is IdentityPolicySetting.NEVER} == never
    with pytest.raises(ValueError, match="oblivion"):
        organisation.identity_policy.for_right("oblivion")


def test_recipients_are_named_or_say_why_not() -> None:
    register = RecipientRegister.of(Organisation.load())

    assert register["host"].description("fr") == "OVH (Hébergeur, France)"
    assert not register["payment_provider"].is_named
    for recipient in register:
        answer = as_answer(recipient, "en")
        assert bool(answer["name"]) is not bool(answer["reason_not_named"])
        assert recipient.shown_name("fr")
    assert as_answer(register["social_networks"], "fr")["reason_not_named"].startswith("Personne ne peut donner de nom")
    assert (
        as_answer(register["payment_provider"], "fr")["reason_not_named"] == "Nous ne pouvons pas encore donner de nom."
    )


def test_the_gaps_of_the_default_file_cover_the_published_policy() -> None:
    found = gaps(Organisation.load())

    assert [gap.code for gap in found] == [code for code in GapCode if code is not GapCode.TRANSFERS]
    for gap in found:
        assert gap.reference
        assert gap.finding.fr.endswith(".")
        assert gap.cure.en.endswith(".")


def test_a_gap_closes_when_the_file_fills_it(written: Path) -> None:
    officer = '[data_protection_officer]\nemail = "dpo@example.org"\n\n[authority]'
    path = changed(
        written,
        ("subsidiaries_are_named = false", "subsidiaries_are_named = true"),
        ('  "complaint_right",\n', ""),
        ("[authority]", officer),
    )
    organisation = Organisation.load(path)
    codes = {gap.code for gap in gaps(organisation)}

    assert organisation.officer_email == "dpo@example.org"
    assert codes.isdisjoint({GapCode.OFFICER, GapCode.SUBSIDIARIES, GapCode.COMPLAINT_RIGHT})


def test_every_fault_is_listed_at_once_with_its_place(written: Path) -> None:
    path = changed(
        written,
        ('legal_name = "Netkin SAS"\n', ""),
        ("support@netkin.fr", "support"),
        ('access = "on_doubt"', 'access = "sometimes"\nobjection = "always"'),
        ('request_files = "P5Y"', 'request_files = "5 ans"'),
        ('en = "Billing"', 'de = "Rechnung"'),
        ('code = "website"', 'code = "platform"'),
        ('name = "OVH"\n', ""),
    )

    assert faults_of(path) == [
        "legal_name: is missing",
        "contact.email: must be an e-mail address such as support@example.org",
        "identity_policy.access: must be 'on_doubt', 'always' or 'never'",
        "identity_policy.objection: must be 'never'",
        "retention.request_files: must be a period such as P3Y, P13M or P15D",
        "systems[billing].name.en: is missing",
        "systems[billing].name.de: is not known here; check the spelling",
        "recipients[host]: give its name, or its category where it has none yet",
        "systems[platform]: is declared more than once",
    ]


@pytest.mark.parametrize(
    "name", ["\\u200b", "\\u3164\\u2800", "-", "\\u202eNetkin", "Net\\u2066kin", "Net\\nkin", "Net\\u0000kin"]
)
def test_a_text_that_nobody_can_read_or_that_turns_ours_is_refused(written: Path, name: str) -> None:
    (fault,) = faults_of(changed(written, ('legal_name = "Netkin SAS"', f'legal_name = "{name}"')))
    assert fault.startswith("legal_name: ")


def test_a_fault_never_repeats_a_value(written: Path) -> None:
    path = changed(written, ("support@netkin.fr", "someone secret"))

    assert not any("secret" in fault for fault in faults_of(path))


def test_a_system_told_by_mail_needs_an_address(written: Path) -> None:
    path = changed(written, ('told = "list"', 'told = "webhook"'))

    assert len(faults_of(path)) == 7


def test_periods_of_the_portal_stay_within_the_law(written: Path) -> None:
    assert "P1M" in faults_of(changed(written, ('"P15D"', '"P2M"')))[0]
    assert "P3Y" in faults_of(changed(written, ('security_log = "P1Y"', 'security_log = "P4Y"')))[0]


def test_a_missing_or_broken_file_is_one_clear_fault(written: Path) -> None:
    assert faults_of(written) == ["No such file or directory"]
    written.write_text("name = ", encoding="utf-8")
    assert faults_of(written)[0].startswith("is not TOML")


@pytest.mark.parametrize(
    ("text", "period", "fr", "en"),
    [
        ("P3Y", Period(3), "3 ans", "3 years"),
        ("P1Y6M", Period(1, 6), "1 an et 6 mois", "1 year and 6 months"),
        ("P13M", Period(0, 13), "13 mois", "13 months"),
        ("P2W", Period(0, 0, 14), "14 jours", "14 days"),
        ("P1D", Period(0, 0, 1), "1 jour", "1 day"),
    ],
)
def test_a_period_is_read_and_said(text: str, period: Period, fr: str, en: str) -> None:
    assert Period.parse(text) == period
    assert Period.parse(str(period)) == period
    assert period.text("fr").replace("\u00a0", " ") == fr
    assert period.text("en").replace("\u00a0", " ") == en


@pytest.mark.parametrize("text", ["", "P", "3Y", "P-3Y", "PT1H", "P3", "p3y"])
def test_what_is_not_a_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a period"):
        Period.parse(text)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "http://www.cnil.fr", "//www.cnil.fr", "file:///etc/passwd"]
)
def test_an_address_that_pages_link_to_is_https(written: Path, address: str) -> None:
    path = changed(written, ('url = "https://www.cnil.fr"', f'url = "{address}"'))

    assert faults_of(path) == ["authority.url: must be an address that starts with https://"]
