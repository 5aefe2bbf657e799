"""Commands that do nothing before the ledger was replayed into a restored database."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from portal.personal_data.ledger.doors import DoorsShut, require_open


def while_open(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command run only while the portal is open; place it directly above the function."""

    @wraps(command)
    def guarded(*arguments: Any, **options: Any) -> None:
        try:
            require_open()
        except DoorsShut as shut:
            raise click.ClickException(str(shut)) from None
        command(*arguments, **options)

    return guarded
