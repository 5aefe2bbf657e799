"""The registered letter that carries a code, word for word, in the language of the person who gets it."""

from typing import Final

from portal.bilingual import Label

_TEXT: Final = (
    Label(
        fr="Une demande au sujet de vos données personnelles nous est parvenue sous la référence {reference}."
        " Avant d'y répondre, nous voulons être sûrs qu'elle vient de vous.",
        en="A request about your personal data has reached us under the reference {reference}."
        " Before we answer it, we want to be sure that it comes from you.",
    ),
    Label(
        fr="Si vous avez fait cette demande, donnez-nous ce code : {code}",
        en="If you made this request, give us this code: {code}",
    ),
    Label(
        fr="Vous pouvez le saisir sur la page de votre demande, dans votre compte, ou nous le dire :"
        " par e-mail à {email}, par courrier ou sur place.",
        en="You can type it in on the page of your request, in your account, or tell us:"
        " by e-mail at {email}, by post or at our office.",
    ),
    Label(
        fr="Si vous n'avez rien demandé, ne donnez ce code à personne et écrivez-nous : nous ne transmettrons rien.",
        en="If you asked for nothing, give this code to nobody and write to us: we will hand nothing out.",
    ),
)


def paragraphs(language: str, *, reference: str, code: str, email: str) -> list[str]:
    """Return the paragraphs of the letter.

    Args:
        code: its digits, without blanks.
        email: the address of the privacy officer.
    """
    shown = " ".join((code[:4], code[4:]))
    return [label.filled(language, reference=reference, code=shown, email=email) for label in _TEXT]
