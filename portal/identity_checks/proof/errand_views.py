"""What the customer views of identity checks share: find the errand that the page's address names."""

from flask import abort, g, redirect
from flask_login import current_user

from portal.identity_checks.proof.errands import Errand, errands


def current_errand(code: str) -> Errand:
    """Return the signed-in customer's errand of a code.

    Where no proof is needed any more, the request ends with a redirect to the page of the draft or request, else 404.
    """
    errand = errands().find(current_user, g.portal_session, code)
    if errand is None:
        home = errands().home(current_user, code)
        abort(redirect(home, 303) if home else 404)
    return errand
