"""What people and machines are told while the database is busy or away, or when it broke during a commit."""

from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

from portal.infrastructure.locking.faults import OutcomeUnknown, is_busy, is_out


class DatabaseAway(ServiceUnavailable):
    """The database is full, restarting or away. Nothing was kept."""

    seconds = 30
    problem_detail = "Nothing was changed. Send the call again later."

    def __init__(self) -> None:
        super().__init__(retry_after=self.seconds)

    def words(self) -> dict[str, str]:
        """Return what the error page says in other words than for every 503."""
        return {}


class DatabaseBusy(DatabaseAway):
    """Others write, and the turn did not come in time; or the same work was undone twice. Nothing was kept."""

    seconds = 5

    def words(self) -> dict[str, str]:
        return {
            "title": _("Too much is being changed at this moment"),
            "what": _("Your turn did not come in time."),
            "saved": _("What you sent was not saved. Nothing that was there before is lost."),
            "next_step": _("Wait a few seconds, go back to the page and send it again."),
        }


class SavingUnknown(DatabaseAway):
    """The connection broke while it was being saved. Only the page itself can show whether it was."""

    problem_detail = (
        "The connection to the database broke during the commit: read what you changed before you repeat it."
    )

    def words(self) -> dict[str, str]:
        return {
            "title": _("We cannot tell whether this was saved"),
            "what": _("The connection to our database broke at the very moment of saving."),
            "saved": _("What you sent was saved whole, or not at all. We do not know which."),
            "next_step": _("Before you send it again, open the page once more and look whether it is there."),
        }


def answer_to(error: BaseException) -> DatabaseAway | None:
    """Return what to answer to an error of the database; None when it is a fault of ours."""
    if isinstance(error, OutcomeUnknown):
        return SavingUnknown()
    if is_busy(error):
        return DatabaseBusy()
    return DatabaseAway() if is_out(error) else None
