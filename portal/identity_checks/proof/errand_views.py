"""What the views of a proof have in common: finding what it is for."""

from flask import abort, g, redirect
from flask_login import current_user

from portal.identity_checks.proof.errands import Errand, errands


def current_errand(code: str) -> Errand:
    """Return what the signed-in customer's proof is for; where none is needed any more, lead back to where it was."""
    errand = errands().find(current_user, g.portal_session, code)
    if errand is None:
        home = errands().home(current_user, code)
        abort(redirect(home, 303) if home else 404)
    return errand
