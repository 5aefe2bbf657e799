"""Make `listed_words.txt` from the lists of zxcvbn: the passwords and words that programs try first.

    pip download --no-deps zxcvbn==4.5.0
    npm pack @zxcvbn-ts/language-common@4.1.3 @zxcvbn-ts/language-fr@4.1.2
    python -m portal.infrastructure.passwords.listing zxcvbn-*.whl zxcvbn-ts-language-*.tgz

The packages are read as archives; nothing of them is run. Their licences stand in `listed_words.licences.txt`.
"""

import ast
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from portal.infrastructure.passwords.rules import LISTED_FILE, folded, plain_signs

# A shorter word is refused for its length already: staff and customers type twelve signs at least.
SHORTEST = 12
HEAD = """\
# Words that programs try first, as they are compared: small letters without accents; those with other signs stand here
# with and without them. Made by listing.py from {sources}.
# Licences: listed_words.licences.txt. A line with spaces is a row of words that are said in this order.
"""


def words_of(package: Path) -> Iterator[list[str]]:
    """Yield each word alone, and each row of words, of a package as it was downloaded."""
    if package.suffix == ".whl":
        yield from _words_of_python(zipfile.ZipFile(package).read("zxcvbn/frequency_lists.py").decode())
        return
    with tarfile.open(package) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file and member.name.startswith("package/src/") and member.name.endswith(".json"):
                yield from _words_of_json(json.load(file))


def _words_of_python(source: str) -> Iterator[list[str]]:
    """The module holds one text for each list, with commas between its words."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "," in node.value:
            yield from ([word] for word in node.value.split(","))


def _words_of_json(content: object) -> Iterator[list[str]]:
    """A list holds words, an object lists: rows of words, or a keyboard, which is one of objects and is left out."""
    if isinstance(content, list):
        yield from ([word] for word in content if isinstance(word, str))
    elif isinstance(content, dict):
        yield from (row for row in content.values() if isinstance(row, list))


def write_list(packages: list[Path]) -> None:
    """Write the file anew, sorted, each word once."""
    rows, words = set(), set()
    for found in (parts for package in packages for parts in words_of(package)):
        plain = [plain_signs(folded(part)) for part in found]
        if len(plain) > 1:
            rows.add(" ".join(plain))
        else:
            words |= {"".join(folded(found[0]).split()), plain[0]}
    kept = sorted(word for word in words if len(word) >= SHORTEST)
    sources = ",\n# ".join(sorted(package.name for package in packages))
    LISTED_FILE.write_text(HEAD.format(sources=sources) + "\n".join(sorted(rows) + kept) + "\n", "utf-8")


if __name__ == "__main__":
    write_list([Path(name) for name in sys.argv[1:]])
