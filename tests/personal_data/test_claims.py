"""No text claims what only a row or a setting could prove, except the sentences that carry their proof."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from portal.personal_data import recipients, sentences
from portal.personal_data.sentences import Behind, Ground, row, say, setting
from portal.rights.carrying_out import effects
from tests.support.looking.said import CLAIMS

ROOT = Path(__file__).parents[2]

# What holds a word of the list and is no claim of that kind, or says in itself what stands behind it.
ALLOWED = {
    "ce qui a été saisi est effacé": "the unconfirmed account ends with its link: accounts/tasks",
    "Ses données ont été effacées à votre demande": "shown where customers.erased_at stands, nowhere else",
    "Its data were erased at your request": "the same",
    "Selon un audit du": "printed with the audit of the organisation file",
    "By an audit of": "the same",
    "La loi nous oblige à garder certaines données, comme les factures": "a form's hint; the answer names each with its article",
    "The law makes us keep some data, such as invoices": "the same",
    "La loi nous oblige à garder ces données": "a ground of refusal, always printed with its articles",
    "The law makes us keep these data": "the same",
    "sauf ce que la loi nous oblige ou nous autorise à garder": "a limit of the request, without saying that it applies",
    "Le motif a été effacé avec les données de la personne": "shown where a reason is empty: only an erasure empties it",
    "The words went when the person was erased": "the same",
    "Ce que la personne avait écrit a été effacé avec le reste": "shown where the words of a case are empty: the same",
    "What the person wrote was erased with the rest": "the same",
    "vous lirez que votre compte a été effacé": "what a later page will say, before the erasure has begun",
    "you read that your account was erased": "the same",
    "The law makes us do it (legal obligation": "the name of the basis, with its article",
}


def texts() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything that people may read."""
    for path in sorted((ROOT / "portal/translations/fr/LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                for text in (message.id, message.string):
                    yield from ((path.name, part) for part in ([text] if isinstance(text, str) else text))
    for path in sorted((ROOT / "portal").rglob("*.py")):
        yield from ((str(path.relative_to(ROOT)), text) for text in labels(ast.parse(path.read_text(encoding="utf-8"))))
    for path in sorted(path for path in (ROOT / "templates").rglob("*.*") if path.suffix in {".html", ".txt"}):
        yield from ((str(path.relative_to(ROOT)), line) for line in path.read_text(encoding="utf-8").splitlines())


def labels(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of every `Label` that is not given to `sentences.declare`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "declare":
                continue
            if node.func.id == "Label":
                parts = [*node.args, *(keyword.value for keyword in node.keywords)]
                yield from (part.value.replace("'", "’") for part in parts if isinstance(part, ast.Constant))
        yield from labels(node)


def test_no_text_claims_without_proof() -> None:
    found = [
        f"{where}: {text}"
        for where, text in texts()
        if CLAIMS.search(text) and not any(allowed in text for allowed in ALLOWED)
    ]
    assert not found, "say it through portal.personal_data.sentences, with what stands behind it:\n" + "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    everything = [text for _where, text in texts() if CLAIMS.search(text)]
    assert [allowed for allowed in ALLOWED if not any(allowed in text for text in everything)] == []


@pytest.mark.parametrize(
    "text",
    ["Vous avez donné votre accord", "Tout est fait", "Vos données restent dans l’Union européenne", "It was erased"],
)
def test_the_list_bites(text: str) -> None:
    assert CLAIMS.search(text)


def test_a_sentence_is_said_only_with_its_own_kind_of_proof() -> None:
    assert say(sentences.AGREED, None, "fr") == "Nous n’avons aucune trace d’un accord de votre part."
    said = say(sentences.AGREED, row("consent_records", 7), "fr", date="1er mars 2026")
    assert said == "Vous avez donné cet accord le 1er mars 2026."
    for other in (setting("agreed"), Behind(Ground.ROW, "")):
        with pytest.raises(ValueError, match="rests on"):
            say(sentences.AGREED, other, "fr", date="1er mars 2026")


def test_every_sentence_claims_nothing_in_its_unknown_form() -> None:
    declared = sentences.declared()
    assert {recipients.IN_THE_UNION, effects.ERASED, sentences.AGREED} <= set(declared)
    for sentence in declared:
        for text in (sentence.unknown.fr, sentence.unknown.en):
            is_open = re.search(
                r"ne pouvons pas|n’est pas|ne sont pas|aucune trace|pas la trace|cannot|not |no record", text
            )
            assert is_open, f"{sentence.code}: {text}"
    with pytest.raises(ValueError, match="twice"):
        sentences.declare("agreed", Ground.ROW, sentences.AGREED.said, sentences.AGREED.unknown)
