"""Which versions of keys rows still name: without one of them a process must not start (settled 4)."""

from collections.abc import Callable, Iterable

from portal.config import SettingsFault

Needed = Callable[[], Iterable[int]]
Held = Callable[[], Iterable[int]]
_needs: list[tuple[str, Needed, Held]] = []


def needs(setting: str, needed: Needed, held: Held) -> None:
    """Register what says which versions of a setting's keys rows name, and which versions are there.

    Args:
        setting: such as `PORTAL_TOMBSTONE_KEYS`.
    """
    _needs.append((setting, needed, held))


def missing_keys() -> list[str]:
    """Return a sentence for each key that rows name and that is missing here."""
    return [
        f"{setting}: rows in the database need key v{version}, which is missing; put it back"
        for setting, needed, held in _needs
        for version in sorted(set(needed()) - set(held()))
    ]


def refuse_without_keys() -> None:
    """Check, before a process begins to serve or to work, that no key is missing.

    Raises:
        SettingsFault: names every key that is.
    """
    if missing := missing_keys():
        raise SettingsFault(missing)
