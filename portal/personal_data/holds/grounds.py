"""On what grounds something may be kept although its time is over: a closed list."""

from enum import StrEnum

from portal.bilingual import Label


class HoldGround(StrEnum):
    LITIGATION = "litigation"
    """A claim is made or defended (GDPR art. 17(3)(e))."""
    AUDIT = "audit"
    """An audit of the accounts or of the taxes needs it."""
    AUTHORITY = "authority"
    """An authority has asked that nothing be destroyed."""
    FRAUD = "fraud"
    """A fraud is being looked into."""

    def label(self, language: object) -> str:
        """Return the ground in a few words, in a language."""
        return _LABELS[self].text(language)


_LABELS = {
    HoldGround.LITIGATION: Label(fr="litige", en="dispute"),
    HoldGround.AUDIT: Label(fr="contrôle comptable ou fiscal", en="audit of accounts or taxes"),
    HoldGround.AUTHORITY: Label(fr="demande d'une autorité", en="request of an authority"),
    HoldGround.FRAUD: Label(fr="fraude en cours d'examen", en="fraud being looked into"),
}
