"""The vocabulary of the audit trail: every tag `subject:object:verb_past` with its exact keys.

An event with other keys is refused. Values are references, codes, counts and dates; words that people typed stay
with the request or entry that they belong to, under its own retention.
"""

TAGS: dict[str, frozenset[str]] = {}


def declare(tag: str, *keys: str) -> str:
    """Declare a tag with its exact keys and return it.

    Raises:
        ValueError: the tag has not three parts, or is declared already with other keys.
    """
    if tag.count(":") != 2:
        raise ValueError(f"{tag}: write subject:object:verb_past")
    if TAGS.get(tag, frozenset(keys)) != frozenset(keys):
        raise ValueError(f"{tag} is declared with other keys already")
    TAGS[tag] = frozenset(keys)
    return tag
