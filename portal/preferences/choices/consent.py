"""Record choices: each is appended to the proof with the wording shown, and the flag follows the latest one.

Nothing else writes proof or flags. Whatever arrives, from anywhere and in any order, a flag is on only when the
newest choice that the customer made on it is yes. At the same instant, no wins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.ages import consents_from
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.ledger.entries import is_replaying, note
from portal.personal_data.ledger.models import EntryKind
from portal.preferences.choices.deciding import is_childs, is_too_young
from portal.preferences.choices.memory import is_due_again
from portal.preferences.choices.states import lock_state, mark_changed, publish
from portal.preferences.models import ConsentRecord, Origin, PreferenceState, SuppressionReason
from portal.preferences.purposes import FLAGS, MARKETING_FLAG_CODES
from portal.staff.models import StaffMember

CHOSEN = declare("customer:preferences:chosen", "origin", "given", "withdrawn")
SUPPRESSED = declare("customer:preferences:suppressed", "reason")
SUPPRESSION_LIFTED = declare("customer:preferences:released")

CHOICES, FEED = "choices", "feed"
"""What a line of the ledger is about, by its `what`: single choices, or everything at once in the feed."""

MAY_GIVE = frozenset({Origin.PORTAL, Origin.IMPORT})
CLOCK_DRIFT = timedelta(minutes=10)

OBJECTION_VERSION = "2026-11-22"
OBJECTION = Label(
    fr="Je m'oppose à toute prospection et au profilage qui y est lié.",
    en="I object to all direct marketing and to the profiling behind it.",
)


class ChoiceRefused(ValueError):
    """The choice may not be taken; nothing was changed. The text says why, in English; `field` is what is wrong."""

    def __init__(self, reason: str, field: str = "flag") -> None:
        super().__init__(reason)
        self.field = field


class TooYoung(ChoiceRefused):
    """The yes is that of a child, who needs a parent's too, which cannot be taken yet (loi 78-17 art. 45)."""

    def __init__(self) -> None:
        super().__init__("the person was under 15 then, and a parent’s consent cannot be taken yet", "given")


@dataclass(frozen=True)
class Choice:
    """A yes or a no to one flag, with the wording that the person was shown."""

    flag: str
    is_given: bool
    wording: str
    wording_version: str


def give(
    customer: Customer,
    flag: str,
    *,
    origin: Origin,
    wording: str,
    wording_version: str,
    language: str,
    effective_at: datetime | None = None,
    source: str | None = None,
    staff: StaffMember | None = None,
) -> bool:
    """Record a yes to one flag; see `record_choices`. Returns whether anything was recorded."""
    choices = [Choice(flag, True, wording, wording_version)]
    recorded = record_choices(
        customer, choices, origin=origin, language=language, effective_at=effective_at, source=source, staff=staff
    )
    return bool(recorded)


def withdraw(
    customer: Customer,
    flag: str,
    *,
    origin: Origin,
    wording: str,
    wording_version: str,
    language: str,
    effective_at: datetime | None = None,
    source: str | None = None,
    staff: StaffMember | None = None,
) -> bool:
    """Record a no to one flag; see `record_choices`. Returns whether anything was recorded."""
    choices = [Choice(flag, False, wording, wording_version)]
    recorded = record_choices(
        customer, choices, origin=origin, language=language, effective_at=effective_at, source=source, staff=staff
    )
    return bool(recorded)


def record_choices(
    customer: Customer,
    choices: Iterable[Choice],
    *,
    origin: Origin,
    language: str,
    effective_at: datetime | None = None,
    source: str | None = None,
    staff: StaffMember | None = None,
    kind: EntryKind = EntryKind.WITHDRAWN,
) -> list[ConsentRecord]:
    """Append choices to the proof and update the flags, in the current transaction.

    What is turned off is told to the ledger, so that no restored backup turns it on again. Of what another system
    sends, only what was on before: it holds the rest itself.

    Args:
        origin: where the choice was made; only the customer here and an import may switch anything on.
        language: `fr` or `en`, of the wordings.
        effective_at: when it was made, aware; now when absent.
        source: the system or the person that the choice came through, in words that the customer may read.
        staff: who switched it off on the customer's request.
        kind: what the ledger is told of choices turned off.

    Returns:
        The rows that were appended: none for a choice that stands already under the same wording.

    Raises:
        ChoiceRefused: for an unknown flag, an erased customer, a yes from an origin that may only switch off, a
            yes dated in the future, which would beat every objection made before that day, or that of a child.
    """
    choices = list(choices)
    _check(customer, choices, origin, effective_at)
    if not choices:
        return []
    state = lock_state(customer)
    instant = clock.now()
    if effective_at and effective_at > instant + CLOCK_DRIFT:
        effective_at = None  # only a no comes this far (see `_check`): it counts from now, not from a future date
    appended, turned_off = [], []
    for choice in choices:
        latest = state.latest_choices.get(choice.flag)
        moment = effective_at or _moment_of(choice, latest, instant)
        if _is_held(customer, choice, latest, origin, effective_at):
            _confirm_refusal(state, choice, moment)
            continue
        row = ConsentRecord(
            customer_id=customer.id, flag=choice.flag, is_given=choice.is_given, effective_at=moment,
            recorded_at=instant, origin=origin, source=source, wording=choice.wording,
            wording_version=choice.wording_version, language=language, staff_id=staff.id if staff else None,
        )  # fmt: skip
        appended.append(row)
        if _prevails(choice.is_given, moment, latest):
            state.latest_choices = state.latest_choices | {choice.flag: _as_latest(row)}
            if not choice.is_given and (origin is not Origin.IMPORT or (latest and latest["given"])):
                turned_off.append(choice.flag)
    if turned_off:
        body = {"what": CHOICES, "customer": customer.public_id, "flags": sorted(turned_off), "origin": origin}
        note(kind, body)
    if appended:
        db.session.add_all(appended)
        publish(state)
        _record(customer, appended, origin, staff)
    return appended


def object_to_marketing(
    customer: Customer,
    origin: Origin,
    *,
    language: str | None = None,
    source: str | None = None,
    staff: StaffMember | None = None,
) -> list[ConsentRecord]:
    """Switch off everything that is marketing at once, profiling included, in the current transaction (art. 21(2)).

    The objection is dated now for every flag, so that no older yes that arrives later brings one back.
    """
    language = language or customer.language
    choices = [Choice(flag, False, OBJECTION.text(language), OBJECTION_VERSION) for flag in MARKETING_FLAG_CODES]
    objected = EntryKind.OBJECTED
    return record_choices(
        customer, choices, origin=origin, language=language, source=source, staff=staff, kind=objected
    )


def suppress(customer: Customer, reason: SuppressionReason | str, *, is_told: bool = True) -> None:
    """Turn every flag of a customer off, in the current transaction, whatever they choose while it lasts.

    A restriction keeps the choices, and `lift_suppression` brings them back. An erasure is never lifted. Only the
    customer's reference stays in the feed, until `suppressed_until`, so that no system writes to the person again.

    Args:
        is_told: whether the ledger is told that the feed is held back; a restriction tells it all by itself.
    """
    reason = SuppressionReason(reason)
    state = lock_state(customer)
    if state.reason in {reason, SuppressionReason.ERASED}:
        return
    state.reason = reason
    state.suppressed_until = _end_of(reason)
    if reason is SuppressionReason.ERASED:
        state.latest_choices, state.held_back, state.stops = {}, [], []
    publish(state, is_suppressed=True)
    mark_changed(state)
    record(SUPPRESSED, actor="portal", subject=_subject(customer), reason=reason)
    if reason is SuppressionReason.RESTRICTED and is_told:
        note(EntryKind.RESTRICTED, {"what": FEED, "customer": customer.public_id})


def lift_suppression(customer: Customer, *, is_told: bool = True) -> None:
    """End a suppression, in the current transaction: each flag is again what the customer last chose.

    Args:
        is_told: as for `suppress`.

    Raises:
        ChoiceRefused: the customer was erased.
    """
    state = lock_state(customer)
    if state.reason == SuppressionReason.ERASED:
        raise ChoiceRefused("the customer was erased", "customer")
    if not state.is_suppressed:
        return
    state.reason = None
    publish(state, is_suppressed=False)
    record(SUPPRESSION_LIFTED, actor="portal", subject=_subject(customer))
    if is_told:
        note(EntryKind.LIFTED, {"what": FEED, "customer": customer.public_id})


def latest_record_id(customer_id: int) -> int:
    """Return the id of a customer's newest proof, 0 without any. A form keeps it, to find what changed since."""
    newest = select(func.max(ConsentRecord.id)).where(ConsentRecord.customer_id == customer_id)
    return int(db.session.execute(newest).scalar() or 0)


def _end_of(reason: SuppressionReason) -> datetime | None:
    if reason is not SuppressionReason.ERASED:
        return None
    last_day = installed.organisation().retention.suppression.after(clock.today())
    return datetime.combine(last_day, time.max, clock.PARIS)


def _check(customer: Customer, choices: list[Choice], origin: Origin, effective_at: datetime | None) -> None:
    if customer.status is CustomerStatus.ERASED:
        raise ChoiceRefused("the customer was erased", "customer")
    for choice in choices:
        if choice.flag not in FLAGS:
            raise ChoiceRefused(f"“{choice.flag[:60]}” is not a flag")
        if choice.is_given and origin not in MAY_GIVE:
            raise ChoiceRefused("only the customer may switch a preference on", "given")
        if choice.is_given and effective_at and effective_at > clock.now() + CLOCK_DRIFT:
            raise ChoiceRefused("the choice is dated in the future", "at")
        if choice.is_given and is_too_young(effective_at or clock.now(), consents_from(customer)):
            raise TooYoung


def _moment_of(choice: Choice, latest: Mapping[str, Any] | None, instant: datetime) -> datetime:
    """Return when a choice counts. Another machine's clock may run ahead: a no said now must not lose to its yes."""
    return max(instant, _at(latest)) if latest and not choice.is_given else instant


def _is_held(
    customer: Customer,
    choice: Choice,
    latest: Mapping[str, Any] | None,
    origin: Origin,
    effective_at: datetime | None,
) -> bool:
    """Whether the choice stands already, so that a second arrival writes nothing."""
    if effective_at is None:
        return (
            latest is not None
            and latest["given"] == choice.is_given
            and (origin is not Origin.PORTAL or latest["version"] == choice.wording_version)
            and not is_due_again(choice.flag, latest)
            and not is_childs(latest, consents_from(customer))
        )
    same = select(ConsentRecord.id).where(
        ConsentRecord.customer_id == customer.id,
        ConsentRecord.effective_at == effective_at,
        ConsentRecord.flag == choice.flag,
        ConsentRecord.is_given == choice.is_given,
        ConsentRecord.origin == origin,
    )
    return db.session.execute(same.limit(1)).first() is not None


def _confirm_refusal(state: PreferenceState, choice: Choice, moment: datetime) -> None:
    """Note that a no was repeated. It leaves no second proof, but an imported yes dated between the two must lose."""
    latest = state.latest_choices.get(choice.flag)
    if latest and not choice.is_given and not latest["given"] and moment > _at(latest):
        confirmed = {**latest, "confirmed_at": moment.astimezone(UTC).isoformat()}
        state.latest_choices = state.latest_choices | {choice.flag: confirmed}


def _prevails(is_given: bool, moment: datetime, latest: Mapping[str, Any] | None) -> bool:
    if latest is None:
        return True
    return moment > _at(latest) if is_given else moment >= _at(latest)


def _at(latest: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(latest.get("confirmed_at") or latest["at"])


def _as_latest(row: ConsentRecord) -> dict[str, Any]:
    return {
        "given": row.is_given,
        "at": row.effective_at.astimezone(UTC).isoformat(),
        "origin": row.origin,
        "source": row.source,
        "version": row.wording_version,
    }


def _record(customer: Customer, rows: list[ConsentRecord], origin: Origin, staff: StaffMember | None) -> None:
    by_portal = origin is Origin.IMPORT or is_replaying()
    actor = f"staff:{staff.public_id}" if staff else "portal" if by_portal else _subject(customer)
    record(
        CHOSEN,
        actor=actor,
        subject=_subject(customer),
        origin=origin,
        given=sorted(row.flag for row in rows if row.is_given),
        withdrawn=sorted(row.flag for row in rows if not row.is_given),
    )


def _subject(customer: Customer) -> str:
    return f"customer:{customer.public_id}"
