"""What the preferences hold about a customer: each choice with its proof, and what marketing reads of them."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import Select, case, func, literal, select, union_all

from portal import clock
from portal.bilingual import Label
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.agreements import Answer, read_agreements
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem, Holding, register
from portal.personal_data.sentences import row
from portal.personal_data.uses.cookie_purposes import COOKIE_FLAG_CODES
from portal.personal_data.uses.lawful_bases import LawfulBasis
from portal.personal_data.uses.purposes import CHOICES, CONSENT_PROOF
from portal.preferences.choices.states import read_state
from portal.preferences.ends import PARTS
from portal.preferences.models import ConsentRecord, PreferenceState, UnsubscribeLink
from portal.preferences.purposes import FLAG_CODES, PREFERENCE_FLAG_CODES
from portal.preferences.queries import flag_label

COOKIES: Final = "cookies."
READ_AT_ONCE: Final = 500

_CHOICE = Label(fr="Choix que vous avez fait", en="Choice you made")
_STATE = Label(fr="Ce que nos équipes marketing lisent de vos choix", en="What our marketing reads of your choices")
_FLAG = Label(fr="Choix", en="Choice")
_ANSWER = Label(fr="Réponse", en="Answer")
_GIVEN = Label(fr="Accepté", en="Accepted")
_REFUSED = Label(fr="Refusé", en="Refused")
_WORDING = Label(fr="Texte affiché", en="Text shown")
_ACCEPTED = Label(fr="Acceptés", en="Accepted")
_NOTHING = Label(fr="Aucun", en="None")
_HOLD = Label(fr="Données en pause", en="Data on hold")
_YES = Label(fr="Oui", en="Yes")
_KEPT = Label(
    fr="La preuve de chaque choix est gardée {proof}. Un refus reste connu {suppression} au moins.",
    en="The proof of each choice is kept for {proof}. A refusal stays known for at least {suppression}.",
)


def summary(customer_id: int) -> Select[Any]:
    """Return the select of (category, count, latest instant)."""
    is_cookie = ConsentRecord.flag.startswith(COOKIES, autoescape=True)
    category = case((is_cookie, literal(str(Category.TRACKING))), else_=literal(str(Category.MARKETING)))
    choices = select(category.label("category"), ConsentRecord.effective_at.label("at")).where(
        ConsentRecord.customer_id == customer_id
    )
    state = select(literal(str(Category.MARKETING)), PreferenceState.updated_at).where(
        PreferenceState.customer_id == customer_id
    )
    held = union_all(choices, state).subquery()
    counted: Select[Any] = select(held.c.category, func.count(), func.max(held.c.at)).group_by(held.c.category)
    return counted


@read_agreements(FLAG_CODES, taken_back_at="customer.preferences.preferences")
def answers(customer_ids: Collection[int], choices: Collection[str]) -> list[Answer]:
    """Return what customers chose, each time, on some choices."""
    chosen = select(ConsentRecord.customer_id, ConsentRecord.flag, ConsentRecord.is_given, ConsentRecord.effective_at)
    of_theirs = chosen.where(ConsentRecord.customer_id.in_(customer_ids), ConsentRecord.flag.in_(choices))
    return [
        Answer(customer_id, flag, is_given, at, row(ConsentRecord.__tablename__, number))
        for customer_id, flag, is_given, at, number in db.session.execute(of_theirs.add_columns(ConsentRecord.id))
    ]


def items(customer_id: int, category: str, language: str) -> Iterator[HeldItem]:
    """Yield what is held: what marketing reads now, then each choice, newest first."""
    if category == Category.MARKETING and (state := read_state(customer_id)):
        yield _state_item(state, language)
    if category in {Category.MARKETING, Category.TRACKING}:
        for row in _choices(customer_id, is_cookie=category == Category.TRACKING):
            yield _choice_item(row, category, language)


def retention(language: str) -> str:
    """Return how long it is kept, in words."""
    kept = installed.organisation().retention
    return _KEPT.filled(language, proof=kept.consent_proof.text(language), suppression=kept.suppression.text(language))


def _choices(customer_id: int, *, is_cookie: bool) -> Iterator[ConsentRecord]:
    of_cookies = ConsentRecord.flag.startswith(COOKIES, autoescape=True)
    statement = (
        select(ConsentRecord)
        .where(ConsentRecord.customer_id == customer_id, of_cookies if is_cookie else ~of_cookies)
        .order_by(ConsentRecord.effective_at.desc(), ConsentRecord.id.desc())
        .execution_options(yield_per=READ_AT_ONCE)
    )
    yield from db.session.execute(statement).scalars()


def _choice_item(row: ConsentRecord, category: str, language: str) -> HeldItem:
    answer = _GIVEN if row.is_given else _REFUSED
    return HeldItem(
        category=category,
        kind="consent_record",
        label=_CHOICE.text(language),
        at=row.effective_at,
        values={
            "flag": row.flag,
            "given": row.is_given,
            "effective_at": row.effective_at.isoformat(),
            "recorded_at": row.recorded_at.isoformat(),
            "origin": str(row.origin),
            "source": row.source,
            "wording": row.wording,
            "wording_version": row.wording_version,
            "language": row.language,
        },
        facts=[
            (_FLAG.text(language), flag_label(row.flag, language)),
            (_ANSWER.text(language), answer.text(language)),
            (_WORDING.text(language), row.wording),
        ],
        lawful_basis=LawfulBasis.CONSENT,
        source=row.source or "portal",
    )


def _state_item(state: PreferenceState, language: str) -> HeldItem:
    accepted = [flag_label(flag, language) for flag, is_on in state.flags.items() if is_on]
    facts = [(_ACCEPTED.text(language), ", ".join(accepted) or _NOTHING.text(language))]
    if state.is_suppressed:
        facts.append((_HOLD.text(language), _YES.text(language)))
    link = select(UnsubscribeLink.created_at).where(UnsubscribeLink.customer_id == state.customer_id)
    made_at = db.session.execute(link).scalar()
    return HeldItem(
        category=Category.MARKETING,
        kind="preference_state",
        label=_STATE.text(language),
        at=state.updated_at,
        values={
            "reference": state.reference,
            "flags": dict(state.flags),
            "suppressed": state.is_suppressed,
            "reason": state.reason,
            "sequence": state.sequence,
            "updated_at": state.updated_at.isoformat(),
            "unsubscribe_link_made_at": clock.written(made_at),
        },
        facts=facts,
        lawful_basis=LawfulBasis.CONSENT,
    )


register(
    Holding(
        code="preferences",
        parts=PARTS,
        retention=retention,
        purposes={
            Category.TRACKING: (CHOICES.code, CONSENT_PROOF.code),
            Category.MARKETING: (CHOICES.code, CONSENT_PROOF.code),
        },
        choices={Category.TRACKING: COOKIE_FLAG_CODES, Category.MARKETING: PREFERENCE_FLAG_CODES},
        summary=summary,
        items=items,
    )
)
