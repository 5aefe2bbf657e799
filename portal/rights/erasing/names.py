"""What each thing that an erasure touches is called for people: kinds of record by the data map, the portal's own here.

Tables that mean the same to a person share one name, so that a page has a line for an account and not for its cookies.
"""

from typing import Final

from portal.bilingual import Label
from portal.personal_data.categories import CATEGORIES, Category
from portal.records.data_map.kinds import installed_data_map

ACCOUNT: Final = Label(
    fr="Votre compte ici, vos connexions et vos appareils", en="Your account here, your sign-ins and your devices"
)
_REQUESTS: Final = Label(
    fr="Ce que vous avez écrit dans vos demandes",
    en="What you wrote in your requests",
)
_FILE: Final = Label(fr="Votre fiche (nom, adresse, date de naissance)", en="Your file (name, address, date of birth)")
_COPIES: Final = Label(fr="Copies de vos données", en="Copies of your data")
_DOCUMENTS: Final = Label(fr="Pièces d'identité", en="Identity documents")
_CHOICES: Final = Label(fr="Vos choix sur la publicité et les cookies", en="Your choices on advertising and cookies")
_LOOKS: Final = Label(fr="Qui a consulté vos données", en="Who looked at your data")
_MAILS: Final = Label(fr="E-mails de notre part", en="E-mails from us")
_PROPOSALS: Final = Label(fr="Décisions prises à deux sur vos demandes", en="What two people decided on your requests")
_TRACES: Final = Label(fr="Traces de l'effacement", en="Traces of the erasure")
_HELD: Final = Label(fr="Conservations décidées", en="Data held by a decision")
_OBJECTIONS: Final = Label(fr="Usages auxquels vous vous êtes opposé", en="Uses that you objected to")
_COUNTS: Final = Label(fr="Comptes par catégorie", en="Counts by category")

_PARTS: Final = {
    "accounts": ACCOUNT,
    "account_sessions": ACCOUNT,
    "account_tokens": ACCOUNT,
    "account_devices": ACCOUNT,
    "account_factors": ACCOUNT,
    "linked_identities": Label(fr="Lien avec Facebook", en="Link with Facebook"),
    "customers": _FILE,
    "keeps": _FILE,
    "drafts": Label(fr="Brouillons de demandes", en="Drafts of requests"),
    "kept_forms": Label(fr="Textes gardés d'une session finie", en="Texts kept from a session that ended"),
    "request_files": _REQUESTS,
    "request_history": _REQUESTS,
    "corrections": Label(fr="Corrections que vous avez demandées", en="Corrections that you asked for"),
    "statements": Label(fr="Vos mots à côté d'une donnée", en="Your own words beside a value"),
    "restrictions": Label(fr="Données mises en pause", en="Data put on hold"),
    "purpose_stops": _OBJECTIONS,
    "weighings": _OBJECTIONS,
    "destroyed_files": _REQUESTS,
    "packages": _COPIES,
    "uploads": _DOCUMENTS,
    "identity_checks": _DOCUMENTS,
    "identity_documents": _DOCUMENTS,
    "consent_records": _CHOICES,
    "preference_states": _CHOICES,
    "unsubscribe_links": _CHOICES,
    "access_log": _LOOKS,
    "lookups": _LOOKS,
    "reading": _LOOKS,
    "mails": _MAILS,
    "instructions": Label(fr="Qui a été prévenu de vos demandes", en="Who was told of your requests"),
    "disclosures": Label(fr="Communications à des destinataires", en="Disclosures to recipients"),
    "dispatches": Label(fr="Preuves d'envoi", en="Proofs of sending"),
    "legal_holds": _HELD,
    "approvals": _PROPOSALS,
    "archived_records": Label(fr="Données en archive", en="Data in the archive"),
    "record_counts": _COUNTS,
    "archive_counts": _COUNTS,
    "erasures": _TRACES,
    "erased_spans": _TRACES,
    "tombstones": _TRACES,
}


def name_of(part: str, kind: str, language: object) -> str:
    """Return what an item of a plan is called for people.

    Args:
        part: the code of the part; `kind` is that of a record, or the part's own.
    """
    declared = installed_data_map().kinds.get(kind)
    if declared:
        return declared.label.text(language)
    return _PARTS[part].text(language) if part in _PARTS else kind


def has_name(part: str) -> bool:
    """Tell whether a part is called something, or its kinds are records, which the data map names."""
    return part in _PARTS or part == "records"


def category_name(code: str | None, language: object) -> str:
    """Return the heading under which an item stands: one of the nine categories, or this portal."""
    return Category(code).label(language) if code in CATEGORIES else _PORTAL.text(language)


_PORTAL: Final = Label(fr="Votre compte et ce portail", en="Your account and this portal")
