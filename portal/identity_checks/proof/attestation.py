"""What is kept of a check of identity, in words: the method, the result, the role of who checked, and when."""

from typing import Final

from babel.lists import format_list

from portal.access.permissions import Role
from portal.bilingual import Label, date_time
from portal.identity_checks.models import VALUE_PROOF, CheckResult, IdentityCheck
from portal.identity_checks.proof.checking import (
    BY_STAFF,
    CALL_BACK,
    DOCUMENT,
    FACEBOOK_AND_CODE,
    FACEBOOK_SIGNATURE,
    KNOWN_ADDRESS,
    REGISTERED_LETTER,
    SECOND_STEP,
    SESSION,
    WRITTEN_REASON,
)
from portal.identity_checks.proof.policy import DoubtSignal
from portal.lookups.access_log import team_label

_METHODS: Final = {
    DOCUMENT: Label(fr="Pièce d'identité", en="Identity document"),
    KNOWN_ADDRESS: Label(
        fr="Mot de passe et code envoyé à une adresse connue", en="Password and code sent to a known address"
    ),
    FACEBOOK_AND_CODE: Label(
        fr="Facebook et code envoyé à une adresse connue", en="Facebook and code sent to a known address"
    ),
    SECOND_STEP: Label(fr="Seconde étape de connexion", en="Second step at sign-in"),
    SESSION: Label(fr="Connexion à ce portail", en="Sign-in to this portal"),
    FACEBOOK_SIGNATURE: Label(fr="Signature de Facebook", en="Signature of Facebook"),
    BY_STAFF: Label(fr="Par notre équipe, sans pièce", en="By our team, without a document"),
    CALL_BACK: Label(fr="Appel à un numéro que nous détenons", en="Call to a number that we hold"),
    REGISTERED_LETTER: Label(
        fr="Code d'une lettre recommandée, à une adresse que nous détenons",
        en="Code of a registered letter, to an address that we hold",
    ),
    WRITTEN_REASON: Label(
        fr="Motif écrit du délégué à la protection des données, validé",
        en="Written reason of the privacy officer, seconded",
    ),
    VALUE_PROOF: Label(fr="Justificatif de la valeur à corriger", en="Proof of the value to correct"),
}
_RESULTS: Final = {
    CheckResult.PENDING: Label(fr="En attente", en="Pending"),
    CheckResult.CONFIRMED: Label(fr="Identité confirmée", en="Identity confirmed"),
    CheckResult.ASKED_AGAIN: Label(fr="Autre pièce demandée", en="Another document asked for"),
    CheckResult.REJECTED: Label(fr="Identité non confirmée", en="Identity not confirmed"),
    CheckResult.ABANDONED: Label(fr="Sans suite", en="Not pursued"),
}
_LOOKED_AT: Final = Label(fr="Justificatif examiné", en="Proof looked at")
_LIFTED: Final = Label(fr="Doute levé : {doubts}", en="Doubt lifted: {doubts}")
_PORTAL: Final = Label(fr="Le portail, sans intervention humaine", en="The portal, without human intervention")


def method_label(check: IdentityCheck, language: object) -> str:
    """Return the method by which the person proved who they are."""
    return _METHODS[check.method].text(language)


def result_label(check: IdentityCheck, language: object) -> str:
    is_looked_at = check.is_of_value and check.result is CheckResult.CONFIRMED
    return (_LOOKED_AT if is_looked_at else _RESULTS[check.result]).text(language)


def checker_label(check: IdentityCheck, language: object) -> str:
    """Return who decided: the team, as the customer knows it, or the portal; empty while nobody has decided."""
    if check.checked_by in list(Role):
        return team_label(Role(check.checked_by), language)
    return _PORTAL.text(language) if check.checked_by else ""


def lifted_labels(check: IdentityCheck, language: object) -> str:
    """Return the doubts that a check lifted, in words; empty when there was none."""
    return format_list([DoubtSignal(code).label(language) for code in check.lifted], locale=str(language))


def attestation(check: IdentityCheck, language: object) -> str:
    """Return in one line how a check was made, which doubts it lifted, by whom and when."""
    lifted = _LIFTED.filled(language, doubts=lifted_labels(check, language)) if check.lifted else ""
    when = date_time(check.checked_at, language) if check.checked_at else ""
    facts = (method_label(check, language), check.place, lifted, checker_label(check, language), when)
    return " · ".join(fact for fact in facts if fact)
