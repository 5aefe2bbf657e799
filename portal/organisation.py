"""The organisation that runs this portal, read from one TOML file: who it is, who gets its data, what it has decided.

The code names no company: another company installs the portal by writing a file of its own.
"""

import unicodedata
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from dateutil.relativedelta import relativedelta
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal import clock
from portal.bilingual import Label, long_date
from portal.declarations import DeclarationFaults, Fault, faults_of, read_toml, repeated_codes
from portal.durations import DeclaredPeriod, Period
from portal.outgoing_addresses import AddressRefused, AllowedEndpoint, check_address

DEFAULT_FILE: Final = Path(__file__).parent / "default_organisation.toml"


class OrganisationFaults(DeclarationFaults):
    """The organisation file has faults; `faults` lists every one."""


OrganisationFault = Fault


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("must be an e-mail address such as support@example.org") from None


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://localhost")):
        raise ValueError("must be an address that starts with https://")
    return value


def _readable(value: str) -> str:
    # Unicode counts the fillers of Korean among the letters, and they show nothing.
    shown = (sign for sign in value if sign.isalnum() and "FILLER" not in unicodedata.name(sign, ""))
    if not any(shown) or any(unicodedata.category(sign) == "Cc" for sign in value):
        raise ValueError("must be a text that people can read, in one line")
    if not _DIRECTIONS.isdisjoint(value):
        raise ValueError("holds a sign that turns the direction of writing, which would turn the words beside it")
    return value


# Embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_readable)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Email = Annotated[str, AfterValidator(_email)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]

# The countries where the GDPR applies as it does at home: the Union with Iceland, Liechtenstein and Norway.
ECONOMIC_AREA: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO",
    }
)  # fmt: skip


def _month_and_day(value: str) -> str:
    try:
        # 2024 is a leap year, so that a financial year may end on 29 February.
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        raise ValueError("must be a month and a day such as 12-31") from None
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(_Part):
    """Where people write, by mail or by post."""

    email: Email
    address: tuple[Text, ...] = Field(min_length=1)
    phone: Text | None = None


class DataProtectionOfficer(_Part):
    """Where people reach the privacy officer. The name may be that of a role or of a person."""

    email: Email
    name: Text | None = None
    address: tuple[Text, ...] = ()


class Authority(_Part):
    """The authority that people may complain to (GDPR art. 13(2)(d), 77)."""

    name: Text
    full_name: Label
    address: tuple[Text, ...] = Field(min_length=1)
    url: WebAddress
    complaint_url: WebAddress

    @property
    def postal_address(self) -> str:
        return ", ".join(self.address)


class Relation(StrEnum):
    """What another company of the group is to this one."""

    PARENT = "parent"
    SISTER = "sister"
    SUBSIDIARY = "subsidiary"

    def label(self, language: object) -> str:
        return _RELATIONS[self].text(language)


class GroupCompany(_Part):
    """A company of the group. It is a legal person of its own, so a marketing consent given here does not cover it."""

    code: Code
    name: Text
    relation: Relation


class Told(StrEnum):
    """How a system that holds data is told to erase, correct or restrict them."""

    MAIL = "mail"
    "A message to its address, to be acknowledged."
    WEBHOOK = "webhook"
    "A signed call to its address."
    LIST = "list"
    "A list that staff work off and tick."

    def label(self, language: object) -> str:
        return _TOLD[self].text(language)


class _CanBeTold(_Part):
    """Somebody who is told what was decided, and how."""

    code: Code
    told: Told = Told.LIST
    email: Email | None = None
    url: Text | None = None

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.told is Told.MAIL and self.email is None:
            raise ValueError("told by mail, so it needs an email")
        if self.told is Told.WEBHOOK and self.url is None:
            raise ValueError("told by webhook, so it needs a url")
        return self


class System(_CanBeTold):
    """A system of the company that sends copies of its records to the portal; its code is their `source`."""

    name: Label
    owner: Label


class Webhooks(_Part):
    """Which addresses may be called although they are private, plain or on another port than 443."""

    allowed: tuple[AllowedEndpoint, ...] = ()


class RecipientRole(StrEnum):
    """What a recipient does with the data."""

    HOST = "host"
    "Keeps the machines that the data are on."
    PARENT = "parent"
    "The company that owns this one."
    GROUP = "group"
    "Another company of the group."
    PAYMENT = "payment"
    "Takes and returns money, prevents fraud."
    TECHNICAL = "technical"
    "Runs something technical on instruction."
    SOCIAL_NETWORK = "social_network"
    "A network by which the person signs in or writes."
    MARKETING = "marketing"
    "Sends or measures messages on instruction."

    def label(self, language: object) -> str:
        return _ROLES[self].text(language)


class ReasonNotNamed(StrEnum):
    """The only two reasons for which a category may stand in place of a name (CJEU C-154/21, points 48 and 49)."""

    IMPOSSIBLE = "impossible"
    "Nobody can tell beforehand who it will be."
    EXCESSIVE = "excessive"
    "The request is manifestly unfounded or excessive (GDPR art. 12(5))."

    def label(self, language: object) -> str:
        return _REASONS_NOT_NAMED[self].text(language)


class Recipient(_CanBeTold):
    """One recipient: its name, or its category with the reason why no name can be given (CJEU C-154/21).

    Other words than those of `ReasonNotNamed` are no reason in law: the recipient is then a gap of the company, told to
    people as one, and `named_by` is the day until which the company means to close it.
    """

    role: RecipientRole
    receives: Label
    name: Text | None = None
    category: Label | None = None
    reason_not_named: ReasonNotNamed | Label | None = None
    named_by: date | None = None
    country: Country | None = None
    country_name: Label | None = None
    transfer_safeguard: Label | None = None
    only_when: Label | None = None

    @model_validator(mode="after")
    def _is_named_or_told_by_category(self) -> Self:
        if self.name is None and self.category is None:
            raise ValueError("give its name, or its category where it has none yet")
        if self.name is not None and (self.reason_not_named or self.named_by):
            raise ValueError("has a name: take reason_not_named and named_by away")
        return self

    @property
    def is_named(self) -> bool:
        return self.name is not None

    @property
    def is_owed(self) -> bool:
        """Whether its name is missing without a reason in law: the company owes it to whoever asks."""
        return self.name is None and not isinstance(self.reason_not_named, ReasonNotNamed)

    @property
    def is_in_the_union(self) -> bool | None:
        """Whether it is in the European Economic Area; None while its country is not declared."""
        return None if self.country is None else self.country in ECONOMIC_AREA

    def shown_name(self, language: object) -> str:
        """Return the name, or the category where there is no name."""
        return self.name or self.shown_category(language)

    def shown_category(self, language: object) -> str:
        """Return the category, or the role where no category is declared."""
        return self.category.text(language) if self.category else self.role.label(language)

    def description(self, language: object) -> str:
        """Return one line: the name, the role, the country and the condition, as far as they are known."""
        details = [self.role.label(language)] if self.is_named else []
        details += [label.text(language) for label in (self.country_name, self.only_when) if label]
        return f"{self.shown_name(language)} ({', '.join(details)})" if details else self.shown_name(language)


# The purposes of cookies that need consent; `personal_data.uses.cookie_purposes` explains them.
TrackerPurpose = Literal["audience_measurement", "personalisation", "advertising", "social_media"]


class Tracker(_Part):
    """One cookie or other tracker of the company's sites that needs consent.

    Attributes:
        set_by: the company that sets and reads it.
        controller: the company that decides what it is for; the organisation itself where absent.
        lifetime: how long it stays on the person's device.
    """

    name: Text
    purpose: TrackerPurpose
    set_by: Text
    controller: Text | None = None
    lifetime: DeclaredPeriod


class IdentityPolicySetting(StrEnum):
    """When a proof of identity is asked for."""

    ON_DOUBT = "on_doubt"
    "When there is a doubt: what the law allows."
    ALWAYS = "always"
    "From everybody: the officer is warned that this is disproportionate (GDPR art. 12(6))."
    NEVER = "never"
    "From nobody."


class IdentityPolicySettings(_Part):
    """The setting of each right that discloses or destroys; the other rights never need a document."""

    access: IdentityPolicySetting = IdentityPolicySetting.ON_DOUBT
    rectification: IdentityPolicySetting = IdentityPolicySetting.ON_DOUBT
    erasure: IdentityPolicySetting = IdentityPolicySetting.ON_DOUBT
    portability: IdentityPolicySetting = IdentityPolicySetting.ON_DOUBT
    directives: IdentityPolicySetting = IdentityPolicySetting.ON_DOUBT
    restriction: Literal["never"] = "never"
    objection: Literal["never"] = "never"

    def for_right(self, right: str) -> IdentityPolicySetting:
        """Return the setting of a right by its code. Raises `ValueError` for an unknown right."""
        if right not in type(self).model_fields:
            raise ValueError(f"“{right}” is not a right")
        return IdentityPolicySetting(getattr(self, right))


class RetentionParameters(_Part):
    """How long the portal keeps its own data. For the records of the company's systems the data map says it."""

    request_files: DeclaredPeriod = Period.parse("P5Y")
    identity_document_limit: DeclaredPeriod = Period.parse("P15D")
    answer_files: DeclaredPeriod = Period.parse("P14D")
    drafts: DeclaredPeriod = Period.parse("P30D")
    consent_proof: DeclaredPeriod = Period.parse("P5Y")
    suppression: DeclaredPeriod = Period.parse("P3Y")
    security_log: DeclaredPeriod = Period.parse("P1Y")
    access_log: DeclaredPeriod = Period.parse("P3Y")
    unused_account: DeclaredPeriod = Period.parse("P2Y")
    customer_file: DeclaredPeriod = Period.parse("P3Y")
    approvals: DeclaredPeriod = Period.parse("P5Y")
    backups: DeclaredPeriod = Period.parse("P30D")
    """How long a backup of the database or of the stored files exists: until then it holds what was erased."""
    erasure_cooling: DeclaredPeriod = Period.parse("P3D")
    """How long an erasure that two people decided can still be cancelled: 72 hours to seven days."""

    @model_validator(mode="after")
    def _stays_within_the_law(self) -> Self:
        start = date(2026, 1, 1)
        if self.identity_document_limit.after(start) > start + relativedelta(days=31):
            raise ValueError("identity_document_limit: a document may not stay longer than a request, P1M")
        if self.security_log.after(start) > start + relativedelta(years=3):
            raise ValueError("security_log: three years is the most, P3Y")
        if self.suppression.after(start) < start + relativedelta(years=3):
            raise ValueError("suppression: an objection is remembered three years at least, P3Y")
        if self.erasure_cooling not in {Period(days=number) for number in range(3, 8)}:
            raise ValueError("erasure_cooling: an erasure can be cancelled for 72 hours to seven days, P3D to P7D")
        return self


class AccessibilityAudit(_Part):
    """An audit of the portal against the accessibility rules: without one, no level of compliance may be claimed."""

    audited_on: date
    auditor: Text
    level: Literal["full", "partial", "none"]

    @property
    def is_done(self) -> bool:
        """Whether its day has come: an audit that is only planned says nothing of the portal."""
        return self.audited_on <= clock.today()


class PolicyVersion(_Part):
    """The privacy policy in force: its number and the day from which it applies."""

    version: Text
    effective_on: date
    published_at: WebAddress | None = None

    def standing(self, language: object) -> str:
        """Return since when the version is in force, or from when it will be."""
        label = _IN_FORCE if self.effective_on <= clock.today() else _TO_COME
        return label.filled(language, date=long_date(self.effective_on, language, weekday=False))


_IN_FORCE: Final = Label(fr="en vigueur depuis le {date}", en="in force since {date}")
_TO_COME: Final = Label(fr="applicable à partir du {date}", en="to apply from {date}")


class GapCode(StrEnum):
    """Where the company, or its published policy, falls short of the law.

    The portal finds the first eight by itself, from this file; the file declares the others in `policy_lacks`.
    """

    OFFICER = "officer"
    "No contact point for the privacy officer."
    SUBSIDIARIES = "subsidiaries"
    "Group companies receive data and are not named."
    UNNAMED_RECIPIENTS = "unnamed_recipients"
    "Some recipients are known by category only, without a reason in law."
    RECIPIENT_COUNTRIES = "recipient_countries"
    "Nothing says where some recipients are."
    TRANSFERS = "transfers"
    "Some recipients are outside the Union, and no safeguard is declared."
    AUTOMATED_DECISIONS = "automated_decisions"
    "Nothing says whether a machine alone decides on people."
    TRACKERS = "trackers"
    "Nothing says which trackers the sites use for some purposes of cookies."
    ACCESSIBILITY_AUDIT = "accessibility_audit"
    "Nobody has audited the accessibility of the portal."
    COMPLAINT_RIGHT = "complaint_right"
    "The published policy does not mention the complaint to the authority."
    LAWFUL_BASES = "lawful_bases"
    "The published policy gives no lawful basis per purpose."
    RETENTION_PER_CATEGORY = "retention_per_category"
    "The published policy gives one period for everything."
    RECIPIENTS_NAMED = "recipients_named"
    "The published policy names no provider but the host."
    COOKIE_CONSENT = "cookie_consent"
    "The published policy speaks of trackers and not of consent."
    MARKETING_OBJECTION = "marketing_objection"
    "The published policy makes every objection subject to compelling grounds."
    DIRECTIVES = "directives"
    "The published policy says little on what becomes of data after death."
    FACEBOOK_SIGN_IN = "facebook_sign_in"
    "The published policy disclaims the sign-in by Facebook."
    IDENTITY_DOCUMENT = "identity_document"
    "The published policy asks for an identity document whenever it sees fit."
    POLICY_CHANGES = "policy_changes"
    "The published policy asks people to re-read it."
    HOSTED_SITES = "hosted_sites"
    "Data in sites that customers build: the company acts for them."
    HOSTING_DUTY = "hosting_duty"
    "Whether the duties of a host apply is a decision to take."
    ACCESSIBILITY = "accessibility"
    "Whether the company is exempt from the accessibility act is a decision to take."


class Organisation(_Part):
    """Everything the portal knows of the company that runs it. Built by `load`."""

    name: Text
    legal_name: Text
    country: Country = "FR"
    websites: tuple[WebAddress, ...] = ()
    email_domains: tuple[Text, ...] = ()
    languages: tuple[Literal["fr", "en"], ...] = Field(default=("fr", "en"), min_length=1)
    time_zone: Literal["Europe/Paris"] = "Europe/Paris"
    holiday_zone: Literal["metropole", "alsace-moselle"] = "metropole"
    financial_year_end: Annotated[str, AfterValidator(_month_and_day)] = "12-31"
    subsidiaries_are_named: bool = True
    takes_automated_decisions: bool | None = None
    accessibility: AccessibilityAudit | None = None
    policy_lacks: tuple[GapCode, ...] = ()
    contact: Contact
    data_protection_officer: DataProtectionOfficer | None = None
    authority: Authority
    policy: PolicyVersion
    identity_policy: IdentityPolicySettings = IdentityPolicySettings()
    retention: RetentionParameters = RetentionParameters()
    webhooks: Webhooks = Webhooks()
    group: tuple[GroupCompany, ...] = ()
    systems: tuple[System, ...] = Field(min_length=1)
    recipients: tuple[Recipient, ...] = Field(min_length=1)
    trackers: tuple[Tracker, ...] = ()
    no_trackers_for: tuple[TrackerPurpose, ...] = ()

    @model_validator(mode="after")
    def _a_purpose_has_trackers_or_none(self) -> Self:
        for tracker in self.trackers:
            if tracker.purpose in self.no_trackers_for:
                raise ValueError(f"no_trackers_for: {tracker.name} is declared for {tracker.purpose}")
        return self

    @model_validator(mode="after")
    def _may_be_called(self) -> Self:
        for one in (*self.systems, *self.recipients):
            if one.url is not None:
                try:
                    check_address(one.url, self.webhooks.allowed)
                except AddressRefused as refused:
                    raise ValueError(f"the url of {one.code} {refused}") from None
        return self

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Return the organisation of a file, by default that of `default_organisation.toml`.

        Raises:
            OrganisationFaults: the file has faults; all of them are listed.
        """
        path = path or DEFAULT_FILE
        tables = read_toml(path, OrganisationFaults)
        repeated = [fault for table in ("group", "systems", "recipients") for fault in repeated_codes(tables, table)]
        try:
            organisation = cls.model_validate(tables)
        except ValidationError as error:
            raise OrganisationFaults(path, [*faults_of(error, tables), *repeated]) from None
        if repeated:
            raise OrganisationFaults(path, repeated)
        return organisation

    @property
    def officer_email(self) -> str:
        """Where to write to the privacy officer; the general address while no officer is named, which is a gap."""
        officer = self.data_protection_officer
        return officer.email if officer else self.contact.email

    @property
    def postal_address(self) -> str:
        """The company's name and address on one line, as on a letter to it."""
        return ", ".join((self.legal_name, *self.contact.address))

    @property
    def parent(self) -> GroupCompany | None:
        return next((company for company in self.group if company.relation is Relation.PARENT), None)

    @property
    def financial_year_end_day(self) -> tuple[int, int]:
        """The last day of the financial year as (month, day)."""
        month, day = self.financial_year_end.split("-")
        return int(month), int(day)

    def telling(self, code: str, url: str, port: int) -> Self:
        """Return the same organisation with one system that is told at an address of this very machine."""
        changed = {"told": Told.WEBHOOK, "url": url}
        systems = tuple(each.model_copy(update=changed) if each.code == code else each for each in self.systems)
        here = AllowedEndpoint(host="127.0.0.1", port=port, network="127.0.0.1/32")
        allowed = Webhooks(allowed=(*self.webhooks.allowed, here))
        return self.model_copy(update={"systems": systems, "webhooks": allowed})

    def system(self, code: str) -> System | None:
        """Return a declared system by its code, or None. An import refuses a source that is not declared."""
        return next((system for system in self.systems if system.code == code), None)


_RELATIONS: Final = {
    Relation.PARENT: Label(fr="Société mère", en="Parent company"),
    Relation.SISTER: Label(fr="Société sœur", en="Sister company"),
    Relation.SUBSIDIARY: Label(fr="Filiale", en="Subsidiary"),
}
_TOLD: Final = {
    Told.MAIL: Label(fr="Par e-mail", en="By e-mail"),
    Told.WEBHOOK: Label(fr="Par appel signé", en="By a signed call"),
    Told.LIST: Label(fr="Par une liste à traiter", en="By a list to work off"),
}
_REASONS_NOT_NAMED: Final = {
    ReasonNotNamed.IMPOSSIBLE: Label(
        fr="Personne ne peut donner de nom d'avance : cela dépend de ce que vous faites.",
        en="Nobody can give a name beforehand: that depends on what you do.",
    ),
    ReasonNotNamed.EXCESSIVE: Label(
        fr="Nous ne donnons pas de noms, car cette demande est manifestement excessive (article 12.5 du RGPD).",
        en="We give no names, because this request is manifestly excessive (GDPR article 12(5)).",
    ),
}
_ROLES: Final = {
    RecipientRole.HOST: Label(fr="Hébergeur", en="Host"),
    RecipientRole.PARENT: Label(fr="Société mère", en="Parent company"),
    RecipientRole.GROUP: Label(fr="Société du groupe", en="Group company"),
    RecipientRole.PAYMENT: Label(fr="Paiement et lutte contre la fraude", en="Payment and fraud prevention"),
    RecipientRole.TECHNICAL: Label(fr="Prestataire technique", en="Technical provider"),
    RecipientRole.SOCIAL_NETWORK: Label(fr="Réseau social", en="Social network"),
    RecipientRole.MARKETING: Label(fr="Publicité et mesure", en="Advertising and measurement"),
}
