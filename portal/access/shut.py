"""While the ledger is not known to be level with the database, only what stops messages is served, and says why.

A database that was restored from a backup holds what people took back since: until that is carried out once more,
nobody sees or uses it (docs/adr/0014).
"""

from collections.abc import Callable

from flask import Flask, g, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin

from portal.access.declare import declared_access
from portal.web.setbacks.database_away import DatabaseAway


class Shut(DatabaseAway):
    """The page that explains: nothing is served until the ledger was replayed."""

    problem_detail = (
        "The portal is checking that nothing people took back has returned with a backup. Send nothing to anybody "
        "meanwhile: an answer that cannot be had is a no."
    )

    def words(self) -> dict[str, str]:
        return {
            "title": _("We are not open yet"),
            "what": _(
                "Before we open, we make sure that what people have had erased, objected to or withdrawn is still so. "
                "This check is not over."
            ),
            "saved": _("Nothing was changed. If you sent something, it was not saved."),
            "next_step": _(
                "Come back a little later. To stop our e-mails you need not wait: the link at the foot of each of them "
                "works now."
            ),
        }


def register(app: Flask, are_open: Callable[[], bool]) -> None:
    """Shut an app's pages while `are_open` says no. Register it before whatever looks for the person."""

    def keep_shut() -> None:
        if request.endpoint in {None, "static"} or are_open():
            return
        # Nobody is signed in here: the sessions of a backup are not believed.
        g._login_user = AnonymousUserMixin()
        access = declared_access(app, str(request.endpoint))
        if access is None or not access.while_shut:
            raise Shut

    app.before_request(keep_shut)
