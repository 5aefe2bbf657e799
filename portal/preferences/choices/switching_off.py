"""Staff switch preferences off at a customer's request, and never on. The customer is told by mail."""

from collections.abc import Iterable

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.mail.outbox import queue_mail
from portal.preferences.choices.consent import Choice, object_to_marketing, record_choices
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAGS
from portal.staff.models import StaffMember

WORDING_VERSION = "2026-11-22"
WORDING = Label(
    fr="La personne a demandé à notre personnel d'arrêter : {label}.",
    en="The person asked our staff to stop: {label}.",
)


def switch_off(
    member: StaffMember, customer: Customer, flags: Iterable[str], *, how: str, is_objection: bool = False
) -> list[str]:
    """Switch preferences off in the current transaction, and mail the customer what was switched off.

    Args:
        flags: what the customer named.
        how: how they asked, in words that they will read; 200 characters at most.
        is_objection: whether they object to all marketing.

    Returns:
        The flags whose choice was changed.
    """
    language = customer.language
    choices = [
        Choice(flag, False, WORDING.filled(language, label=FLAGS[flag].label(language)), WORDING_VERSION)
        for flag in flags
    ]
    changed = object_to_marketing(customer, Origin.STAFF, source=how, staff=member) if is_objection else []
    changed += record_choices(customer, choices, origin=Origin.STAFF, language=language, source=how, staff=member)
    switched = [row.flag for row in changed]
    if switched and customer.email:
        labels = [FLAGS[flag].label(language) for flag in switched]
        queue_mail(
            "preferences/switched_off", customer.email, language, customer_id=customer.id,
            first_name=customer.given_name, labels=labels,
        )  # fmt: skip
    return switched
