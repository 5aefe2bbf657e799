"""On what grounds a request may be refused, and what the letter must hold before it can leave.

GDPR art. 12(4): within the month, a refusal gives its reasons, the complaint to the authority and the remedy in court,
in part or whole alike. Art. 12(5): the company has to prove that a request is unfounded or excessive.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.citations import cite
from portal.rights.lifecycle import Right


class RefusalGround(StrEnum):
    """The closed list of grounds. The number of earlier requests is not a ground by itself."""

    LEGAL_OBLIGATION = "legal_obligation"
    "The law makes us keep the item (art. 17(3)(b))."
    LEGAL_CLAIMS = "legal_claims"
    "The item is needed to establish, exercise or defend a claim (art. 17(3)(e), 18(2), 21(1))."
    FREEDOM_OF_EXPRESSION = "freedom_of_expression"
    "Expression and information (art. 17(3)(a))."
    PUBLIC_HEALTH = "public_health"
    "Public interest in public health (art. 17(3)(c))."
    ARCHIVES_OR_RESEARCH = "archives_or_research"
    "Archives, research or statistics that erasure would seriously impair (art. 17(3)(d))."
    STILL_NEEDED = "still_needed"
    "No ground of art. 17(1) applies: the item still serves the purpose it was collected for."
    RIGHT_NOT_OPEN = "right_not_open"
    "The lawful basis of the processing does not give this right (art. 20(1), 21(1))."
    NO_RESTRICTION_CASE = "no_restriction_case"
    "None of the four cases of art. 18(1) applies."
    DATA_ARE_ACCURATE = "data_are_accurate"
    "Checked, and found right (art. 5(1)(d) and 16)."
    COMPELLING_GROUNDS = "compelling_grounds"
    "Compelling legitimate grounds that we prove (art. 21(1)); never against a marketing objection."
    RIGHTS_OF_OTHERS = "rights_of_others"
    "The item would harm the rights of someone else (art. 15(4), 20(4))."
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    "Reasonable doubts remain about who is asking (art. 11(2), 12(2), 12(6))."
    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    "Manifestly without foundation, which we prove (art. 12(5))."
    EXCESSIVE_REPETITION = "excessive_repetition"
    "Excessive because repetitive, which we prove (art. 12(5)); one a year never is."
    EXCESSIVE_ABUSE = "excessive_abuse"
    "Made with an intent to abuse that we prove by facts, even a first time (art. 12(5), CJEU C-526/24)."
    NOT_OUR_PROCESSING = "not_our_processing"
    "We hold it for another company, to which we forward the request (art. 28(3)(e))."
    HEIR_WITHOUT_NEED = "heir_without_need"
    "An heir asks for more than settling the estate takes (loi 78-17 art. 85)."

    @property
    def articles(self) -> str:
        """The legal text, in the short form that `portal.citations` puts into words."""
        return _RULES[self].articles

    @property
    def rights(self) -> frozenset[Right]:
        """The rights this ground may answer."""
        return _RULES[self].rights

    @property
    def needs_evidence(self) -> bool:
        """Whether the proof must be written down: where the law puts the burden on the controller."""
        return _RULES[self].needs_evidence

    @property
    def needs_officer(self) -> bool:
        """Whether the privacy officer must be the second person."""
        return _RULES[self].needs_officer

    def label(self, language: object) -> str:
        """Return the ground in a few words, for staff."""
        return _RULES[self].name.text(language)

    def sentence(self, language: object) -> str:
        """Return the ground as a plain sentence for the person, to open the reasons with."""
        return _RULES[self].sentence.text(language)

    def with_law(self, language: object) -> str:
        """Return that sentence with the texts of law that it rests on."""
        return f"{self.sentence(language).removesuffix('.')} ({cite(self.articles, language)})."


BY_WEIGHING_ALONE: Final = frozenset({RefusalGround.COMPELLING_GROUNDS, RefusalGround.LEGAL_CLAIMS})
"""What answers an objection only where a use was weighed: the company has to prove these (GDPR art. 21(1))."""


def grounds_for(right: Right, *, is_on_their_word: bool = False) -> tuple[RefusalGround, ...]:
    """Return the grounds that may be chosen against a right, in the order of the list.

    Args:
        is_on_their_word: whether it is about how the person is called or addressed: then nobody asks for proof, and
            nobody finds the old value right (CJEU C-247/23).
    """
    unfit = BY_WEIGHING_ALONE if right is Right.OBJECTION else frozenset()
    unfit |= {RefusalGround.DATA_ARE_ACCURATE} if is_on_their_word else set()
    return tuple(ground for ground in RefusalGround if right in ground.rights and ground not in unfit)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, in part or whole, as it would leave.

    `until` is the day until which the refused items are kept, or words for it when there is no day (“as long
    as your contract runs”). `evidence` stays inside and is asked for by some grounds.
    """

    right: Right
    ground: RefusalGround | None
    refused: str
    granted: str
    reasons: str
    until: date | str | None
    authority_complaint: str
    court_remedy: str
    evidence: str = ""
    concerns_marketing: bool = False


class RefusalIncomplete(ValueError):
    """Something the person must be told is missing. `missing` holds the codes, keys of `MISSING_LABELS`."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("the refusal lacks: " + ", ".join(missing))
        self.missing = missing

    def labels(self, language: object) -> tuple[str, ...]:
        """Return what is missing in words, for the staff member."""
        return tuple(MISSING_LABELS[code].text(language) for code in self.missing)


class RefusalNotAllowed(ValueError):
    """The ground does not answer this right, or the request cannot be refused at all."""


MISSING_LABELS: Final = {
    "ground": Label(fr="le motif prévu par la loi", en="the legal ground"),
    "refused": Label(fr="ce que vous refusez", en="what you refuse"),
    "granted": Label(fr="ce que vous accordez, ou « rien »", en="what you grant, or “nothing”"),
    "reasons": Label(fr="les raisons, en mots simples", en="the reasons, in plain words"),
    "until": Label(fr="jusqu'à quand", en="until when"),
    "authority_complaint": Label(fr="la plainte auprès de l'autorité", en="the complaint to the authority"),
    "court_remedy": Label(fr="le recours devant le juge", en="the remedy in court"),
    "evidence": Label(fr="les preuves de ce motif", en="the evidence for this ground"),
}


def check_refusal(refusal: Refusal) -> None:
    """Check that a refusal may leave.

    Raises:
        RefusalNotAllowed: the ground does not answer the right, or the request cannot be refused at all.
        RefusalIncomplete: with everything that is missing.
    """
    if refusal.right is Right.OBJECTION and refusal.concerns_marketing:
        raise RefusalNotAllowed("an objection to marketing is absolute and cannot be refused (GDPR art. 21(3))")
    if refusal.ground is not None and refusal.right not in refusal.ground.rights:
        raise RefusalNotAllowed(f"“{refusal.ground}” is not a ground against the right of {refusal.right}")
    missing = [code for code in MISSING_LABELS if code != "evidence" and _is_blank(getattr(refusal, code))]
    if refusal.ground is not None and refusal.ground.needs_evidence and _is_blank(refusal.evidence):
        missing.append("evidence")
    if missing:
        raise RefusalIncomplete(tuple(missing))


def authority_complaint(name: str, address: str, url: str, language: object) -> str:
    """Return the sentence that names the authority, its postal address and its page for complaints."""
    return _COMPLAINT.filled(language, name=name, address=address, url=url)


def court_remedy(language: object) -> str:
    """Return the sentence that names the remedy in court (GDPR art. 79)."""
    return _COURT.text(language)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


_COMPLAINT: Final = Label(
    fr="Vous pouvez porter plainte auprès de l'autorité de protection des données : {name}, {address}, {url}.",
    en="You can complain to the data protection authority: {name}, {address}, {url}.",
)
_COURT: Final = Label(
    fr="Vous pouvez aussi saisir le tribunal judiciaire.",
    en="You can also go to court (in France, the tribunal judiciaire).",
)


@dataclass(frozen=True, slots=True)
class _Rule:
    articles: str
    rights: frozenset[Right]
    name: Label
    sentence: Label
    needs_evidence: bool = False
    needs_officer: bool = False


_ALL: Final = frozenset(Right)
_ERASURE: Final = frozenset({Right.ERASURE})

_RULES: Final = {
    RefusalGround.LEGAL_OBLIGATION: _Rule(
        "GDPR art. 17(3)(b)",
        _ERASURE,
        Label(fr="Obligation légale de conserver", en="Legal duty to keep"),
        Label(fr="La loi nous oblige à garder ces données.", en="The law makes us keep these data."),
    ),
    RefusalGround.LEGAL_CLAIMS: _Rule(
        "GDPR art. 17(3)(e), 18(2), 21(1)",
        frozenset({Right.ERASURE, Right.OBJECTION}),
        Label(fr="Droits en justice", en="Legal claims"),
        Label(
            fr="Ces données servent à défendre des droits en justice.",
            en="These data serve to defend rights in court.",
        ),
        needs_evidence=True,
    ),
    RefusalGround.FREEDOM_OF_EXPRESSION: _Rule(
        "GDPR art. 17(3)(a)",
        _ERASURE,
        Label(fr="Liberté d'expression et d'information", en="Freedom of expression and information"),
        Label(
            fr="Ces données relèvent de la liberté d'expression et d'information.",
            en="These data fall under freedom of expression and information.",
        ),
        needs_evidence=True,
    ),
    RefusalGround.PUBLIC_HEALTH: _Rule(
        "GDPR art. 17(3)(c)",
        _ERASURE,
        Label(fr="Santé publique", en="Public health"),
        Label(
            fr="Ces données sont nécessaires à la santé publique.",
            en="These data are needed for public health.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.ARCHIVES_OR_RESEARCH: _Rule(
        "GDPR art. 17(3)(d)",
        _ERASURE,
        Label(fr="Archives, recherche ou statistiques", en="Archives, research or statistics"),
        Label(
            fr="Effacer ces données rendrait impossible une recherche ou une statistique d'intérêt public.",
            en="Erasing these data would defeat research or statistics in the public interest.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.STILL_NEEDED: _Rule(
        "GDPR art. 17(1)",
        _ERASURE,
        Label(fr="Données encore nécessaires", en="Data still needed"),
        Label(
            fr="Ces données sont encore nécessaires à ce pour quoi nous les avons recueillies.",
            en="These data are still needed for what we collected them for.",
        ),
    ),
    RefusalGround.RIGHT_NOT_OPEN: _Rule(
        "GDPR art. 17(3), 20(1), 21(1)",
        frozenset({Right.ERASURE, Right.PORTABILITY, Right.OBJECTION}),
        Label(fr="Droit non ouvert pour cette base légale", en="Right not given by this lawful basis"),
        Label(
            fr="La loi ne donne pas ce droit pour cette utilisation de vos données.",
            en="The law does not give this right for this use of your data.",
        ),
    ),
    RefusalGround.NO_RESTRICTION_CASE: _Rule(
        "GDPR art. 18(1)",
        frozenset({Right.RESTRICTION}),
        Label(fr="Aucun des quatre cas de limitation", en="None of the four cases of restriction"),
        Label(
            fr="La loi prévoit quatre cas de mise en pause, et votre situation n'en fait pas partie.",
            en="The law gives four cases for putting data on hold, and yours is none of them.",
        ),
    ),
    RefusalGround.DATA_ARE_ACCURATE: _Rule(
        "GDPR art. 5(1)(d), 16",
        frozenset({Right.RECTIFICATION}),
        Label(fr="Données vérifiées et exactes", en="Data checked and right"),
        Label(
            fr="Nous avons vérifié ces données et elles sont exactes.",
            en="We have checked these data and they are right.",
        ),
        needs_evidence=True,
    ),
    RefusalGround.COMPELLING_GROUNDS: _Rule(
        "GDPR art. 21(1)",
        frozenset({Right.OBJECTION}),
        Label(fr="Motifs légitimes et impérieux", en="Compelling legitimate grounds"),
        Label(
            fr="Des motifs légitimes et impérieux l'emportent ici sur votre opposition.",
            en="Compelling legitimate grounds outweigh your objection here.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.RIGHTS_OF_OTHERS: _Rule(
        "GDPR art. 15(4), 20(4)",
        frozenset({Right.ACCESS, Right.PORTABILITY, Right.DIRECTIVES}),
        Label(fr="Droits d'autres personnes", en="Rights of other people"),
        Label(
            fr="Ces données parlent aussi d'une autre personne, dont nous protégeons les droits.",
            en="These data are also about someone else, whose rights we protect.",
        ),
    ),
    RefusalGround.IDENTITY_NOT_PROVEN: _Rule(
        "GDPR art. 11(2), 12(2), 12(6)",
        _ALL - {Right.RESTRICTION, Right.OBJECTION},
        Label(fr="Identité non prouvée", en="Identity not proven"),
        Label(
            fr="Nous n'avons pas pu vérifier que la demande vient de vous.",
            en="We could not check that the request comes from you.",
        ),
        needs_evidence=True,
    ),
    RefusalGround.MANIFESTLY_UNFOUNDED: _Rule(
        "GDPR art. 12(5)",
        _ALL,
        Label(fr="Demande manifestement infondée", en="Manifestly unfounded request"),
        Label(
            fr="Votre demande ne repose sur aucune des conditions prévues par la loi.",
            en="Your request meets none of the conditions in the law.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.EXCESSIVE_REPETITION: _Rule(
        "GDPR art. 12(5)",
        _ALL,
        Label(fr="Demande excessive, car répétée", en="Excessive request, as repeated"),
        Label(
            fr="Vous nous avez déjà fait cette demande, et nous y avons répondu il y a peu.",
            en="You have made this request before, and we answered it a short time ago.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.EXCESSIVE_ABUSE: _Rule(
        "GDPR art. 12(5), CJEU C-526/24",
        _ALL,
        Label(fr="Demande abusive, intention prouvée", en="Abusive request, intent proven"),
        Label(
            fr="Des faits précis montrent que cette demande a un autre but que vos droits.",
            en="Precise facts show that this request has another aim than your rights.",
        ),
        needs_evidence=True,
        needs_officer=True,
    ),
    RefusalGround.NOT_OUR_PROCESSING: _Rule(
        "GDPR art. 28(3)(e)",
        _ALL,
        Label(fr="Données d'une autre entreprise", en="Data of another company"),
        Label(
            fr="Une autre entreprise décide de l'usage de ces données. Nous lui transmettons votre demande.",
            en="Another company decides how these data are used. We are passing your request on to it.",
        ),
    ),
    RefusalGround.HEIR_WITHOUT_NEED: _Rule(
        "loi 78-17 art. 85",
        frozenset({Right.ACCESS, Right.DIRECTIVES}),
        Label(fr="Héritier sans besoin pour la succession", en="Heir without need for the estate"),
        Label(
            fr="Ces données ne sont pas nécessaires au règlement de la succession.",
            en="These data are not needed to settle the estate.",
        ),
    ),
}
