"""Texts of law as letters and pages cite them, in each language, from the one short form that the code keeps.

The short form is “GDPR art. 17(3)(b), 18(2); CJEU C-526/24”. French law names a paragraph and a point in words.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from portal.bilingual import NBSP, Label, known_language

_NEXT: Final = re.compile(r"[;,] ")
_PLACE: Final = re.compile(r"(?:(?P<law>.+) art\. )?(?P<article>\d+(?: I{1,3})?)(?P<parts>(?:\(\w+\))*)")
_LAWS: Final = {
    "GDPR": Label(fr="du RGPD", en="GDPR"),
    "loi 78-17": Label(fr="de la loi 78-17", en="of loi 78-17"),
    "LCEN": Label(fr="de la LCEN", en="of the LCEN"),
}
_OTHERS: Final = (
    (re.compile(r"CJEU (C-\d+/\d+)"), Label(fr="CJUE, {0}", en="CJEU, {0}")),
    (re.compile(r"CNIL (\d{4}-\d+)"), Label(fr="délibération de la CNIL {0}", en="CNIL {0}")),
    (re.compile(r"EDPB (\d+/\d+)"), Label(fr="CEPD, lignes directrices {0}", en="EDPB guidelines {0}")),
    (re.compile(r"Directive \(EU\) (\d+/\d+)"), Label(fr="directive (UE) {0}", en="Directive (EU) {0}")),
    (re.compile(r"(décret [\d-]+|RGAA [\d.]+)"), Label(fr="{0}", en="{0}")),
)


def cite(reference: str, language: object) -> str:
    """Return a reference in words: « article 17, paragraphe 3, point b), du RGPD », “article 17(3)(b) GDPR”.

    Raises:
        ValueError: the reference, or a part of it, has no form that is known here.
    """
    said = []
    for law, parts in groupby(_parts(reference), key=lambda part: part[0]):
        texts = [_article(text, language) if law else _other(text, language) for _law, text in parts]
        said.append(_joined(texts, law, language) if law else ", ".join(texts))
    return "; ".join(said) if known_language(language) == "en" else f"{NBSP}; ".join(said)


def _parts(reference: str) -> Iterator[tuple[str, str]]:
    """Yield (law, article) of each part; an article alone is of the law named before. Other texts have no law."""
    law = ""
    for part in _NEXT.split(reference):
        found = _PLACE.fullmatch(part)
        law = (found["law"] or law) if found else ""
        if found and law not in _LAWS:
            raise ValueError(f"“{reference}” cites a law that has no name here: {law or part}")
        yield law, f"{found['article']}{found['parts']}" if found else part


def _article(text: str, language: object) -> str:
    article, *parts = re.findall(r"[^()]+", text)
    if known_language(language) == "en":
        return f"article{NBSP}{text}"
    places = [f"paragraphe{NBSP}{part}" if part.isdecimal() else f"point{NBSP}{part})" for part in parts]
    return ", ".join([f"article{NBSP}{article}", *places])


def _joined(articles: list[str], law: str, language: object) -> str:
    of_law = _LAWS[law].text(language)
    if known_language(language) == "en":
        return f"{' and '.join(_all_but_one_joined(articles))} {of_law}"
    # A comma inside an article asks for one around it too.
    comma = "," if any("," in article for article in articles) else ""
    return f"{f'{comma} et '.join(_all_but_one_joined(articles))}{',' if ',' in articles[-1] else ''} {of_law}"


def _all_but_one_joined(articles: list[str]) -> list[str]:
    """Return the articles before the last one as one text with commas, and the last one."""
    return [", ".join(articles[:-1]), articles[-1]] if articles[1:] else articles


def _other(text: str, language: object) -> str:
    for pattern, label in _OTHERS:
        if found := pattern.fullmatch(text):
            return label.text(language).format(found[1])
    raise ValueError(f"“{text}” has no form in words here")
