"""The choices and their words, and the table of direct marketing."""

from datetime import date
from typing import Any

import pytest

from portal.cookies.categories import necessary_cookies
from portal.personal_data.uses.cookie_purposes import COOKIE_FLAG_CODES, COOKIE_PURPOSES
from portal.preferences.marketing_rules import Audience, Message, Reason, decide
from portal.preferences.purposes import (
    FLAG_CODES,
    FLAGS,
    MARKETING_FLAG_CODES,
    PREFERENCE_FLAG_CODES,
    Channel,
    Topic,
    no_flags,
)


def test_the_codes_and_their_order_are_fixed() -> None:
    channels = ("email", "sms", "phone", "post", "social")
    topics = ("product_news", "offers", "partner_offers", "surveys")
    uses = ("personalisation", "audience_statistics", "marketing_profiling", "email_open_tracking")

    messages = (f"{topic}.{channel}" for topic in topics for channel in channels)
    cookies = (
        "cookies.audience_measurement",
        "cookies.personalisation",
        "cookies.advertising",
        "cookies.social_media",
    )
    assert (*messages, *uses) == PREFERENCE_FLAG_CODES
    assert cookies == COOKIE_FLAG_CODES
    assert FLAG_CODES == PREFERENCE_FLAG_CODES + COOKIE_FLAG_CODES


def test_everything_is_off_until_given() -> None:
    assert set(no_flags()) == set(FLAG_CODES)
    assert not any(no_flags().values())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_choice_has_its_own_exact_wording(language: str) -> None:
    wordings = {flag.wording(language, "Netkin") for flag in FLAGS.values()}

    assert len(wordings) == len(FLAGS)
    for flag in FLAGS.values():
        assert flag.label(language)
        assert "Netkin" in flag.wording(language, "Netkin")
        assert flag.wording_version
    for topic in Topic:
        assert topic.explanation(language).endswith(".")
    for channel in Channel:
        assert channel.label(language)
    for purpose in COOKIE_PURPOSES:
        assert purpose.label(language)
        assert "Netkin" in purpose.wording(language, "Netkin")
    for reason in Reason:
        assert reason.label(language)


def test_a_wording_reads_as_it_is_shown() -> None:
    assert FLAGS["offers.email"].wording("fr", "Netkin") == (
        "J’accepte que Netkin m’envoie ses offres par e-mail. Je peux changer d’avis à tout moment."
    )
    assert FLAGS["offers.email"].label("fr") == "Offres, par e-mail"


def test_an_objection_to_marketing_clears_messages_and_the_profiling_behind_them() -> None:
    kept = set(FLAG_CODES) - set(MARKETING_FLAG_CODES)

    cookies = set(COOKIE_FLAG_CODES) - {"cookies.advertising"}
    assert kept == {"personalisation", "audience_statistics"} | cookies


ON = date(2026, 11, 22)
SOFT: dict[str, Any] = {
    "is_customer": True,
    "address_from_sale": True,
    "is_similar": True,
    "was_told": True,
}
CONTRACT: dict[str, Any] = {"has_contract_in_progress": True, "is_related_to_contract": True}
BUSINESS: dict[str, Any] = {"audience": Audience.BUSINESS}
DECISIONS: list[tuple[Channel, dict[str, Any], bool, Reason]] = [
    (Channel.EMAIL, {}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, SOFT, True, Reason.SIMILAR_PRODUCTS),
    (Channel.SMS, SOFT, True, Reason.SIMILAR_PRODUCTS),
    (Channel.SOCIAL, SOFT, True, Reason.SIMILAR_PRODUCTS),
    (Channel.EMAIL, SOFT | {"is_similar": False}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, SOFT | {"is_own": False}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, SOFT | {"was_told": False}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, SOFT | {"address_from_sale": False}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, BUSINESS | {"is_related_to_work": True, "was_told": True}, True, Reason.RELATED_TO_WORK),
    (Channel.EMAIL, BUSINESS | {"is_related_to_work": False, "was_told": True}, False, Reason.NO_CONSENT),
    (Channel.EMAIL, BUSINESS | {"is_generic_address": True}, True, Reason.GENERIC_ADDRESS),
    (Channel.EMAIL, SOFT | {"has_objected": True}, False, Reason.OBJECTED),
    (Channel.EMAIL, {"has_consent": True, "has_proof": True, "has_objected": True}, False, Reason.OBJECTED),
    (
        Channel.EMAIL,
        {"has_consent": True, "has_proof": True, "is_suppressed": True},
        False,
        Reason.SUPPRESSED,
    ),
    (Channel.EMAIL, {"has_consent": True, "has_proof": True}, True, Reason.CONSENT),
    (Channel.PHONE, {}, False, Reason.NO_CONSENT),
    (Channel.PHONE, CONTRACT, True, Reason.CONTRACT_IN_PROGRESS),
    (Channel.PHONE, CONTRACT | {"is_own": False}, False, Reason.NO_CONSENT),
    (Channel.PHONE, CONTRACT | {"is_related_to_contract": False}, False, Reason.NO_CONSENT),
    (Channel.PHONE, {"has_consent": True}, False, Reason.NO_PROOF),
    (Channel.PHONE, {"has_consent": True, "has_proof": True}, True, Reason.CONSENT),
    (Channel.PHONE, {"on": date(2026, 8, 10)}, True, Reason.NOT_ON_BLOCTEL),
    (Channel.PHONE, {"on": date(2026, 8, 10), "is_on_bloctel": True}, False, Reason.ON_BLOCTEL),
    (Channel.PHONE, {"on": date(2026, 8, 11)}, False, Reason.NO_CONSENT),
    (Channel.PHONE, BUSINESS | {"was_told": True}, True, Reason.INFORMED),
    (Channel.PHONE, BUSINESS, False, Reason.NOT_INFORMED),
    (Channel.POST, {"was_told": True}, True, Reason.INFORMED),
    (Channel.POST, {}, False, Reason.NOT_INFORMED),
    (Channel.POST, {"was_told": True, "has_objected": True}, False, Reason.OBJECTED),
    (Channel.EMAIL, {"is_service": True, "has_objected": True}, True, Reason.SERVICE_MESSAGE),
    (Channel.EMAIL, {"is_service": True, "is_suppressed": True}, False, Reason.SUPPRESSED),
    (Channel.EMAIL, {"is_service": True, "is_too_young": True}, True, Reason.SERVICE_MESSAGE),
    (Channel.EMAIL, {"has_consent": True, "has_proof": True, "is_too_young": True}, False, Reason.TOO_YOUNG),
    (Channel.EMAIL, SOFT | {"is_too_young": True}, False, Reason.TOO_YOUNG),
    (
        Channel.EMAIL,
        {"is_service": True, "has_promotion": True, "has_objected": True},
        False,
        Reason.OBJECTED,
    ),
]


@pytest.mark.parametrize(("channel", "facts", "may_send", "reason"), DECISIONS)
def test_the_table_of_direct_marketing(channel: Channel, facts: dict[str, Any], may_send: bool, reason: Reason) -> None:
    known: dict[str, Any] = {"on": ON} | facts
    decision = decide(Message(channel, **known))

    assert (decision.may_send, decision.reason) == (may_send, reason)


def test_the_portal_lists_its_own_cookies_by_their_real_names() -> None:
    cookies = necessary_cookies("__Host-portal_session", "__Host-staff_session", "language", "__Host-form")

    assert [cookie.name for cookie in cookies] == [
        "__Host-portal_session",
        "__Host-staff_session",
        "__Host-form",
        "language",
    ]
    for cookie in cookies:
        assert cookie.purpose.text("fr")
        assert cookie.lifetime.text("en")
