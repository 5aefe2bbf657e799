"""For what the archive may be opened (GDPR art. 5(1)(b): what lies there is kept for that alone)."""

from enum import StrEnum

from portal.bilingual import Label


class ArchiveGround(StrEnum):
    """For what the archive may be opened; there is nothing else."""

    LITIGATION = "litigation"
    AUDIT = "audit"
    AUTHORITY = "authority"
    FRAUD = "fraud"
    PERSON = "person"
    """The person asked for it, or uses a right of theirs."""

    def label(self, language: object) -> str:
        """Return the ground in a few words, in a language."""
        return _GROUNDS[self].text(language)


_GROUNDS = {
    ArchiveGround.LITIGATION: Label(fr="Litige", en="Dispute"),
    ArchiveGround.AUDIT: Label(fr="Contrôle comptable ou fiscal", en="Audit of accounts or taxes"),
    ArchiveGround.AUTHORITY: Label(fr="Demande d’une autorité", en="Request of an authority"),
    ArchiveGround.FRAUD: Label(fr="Fraude en cours d’examen", en="Fraud being looked into"),
    ArchiveGround.PERSON: Label(fr="Demande de la personne", en="Request of the person"),
}
