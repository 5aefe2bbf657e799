"""The certificate of an erasure for staff: to be printed and posted to whoever asked by post."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import force_locale

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.rights.deciding.case_staff_views import find_case
from portal.rights.erasing.certificates import shown_certificate
from portal.rights.erasing.standing import erasure_of
from portal.rights.staff_blueprint import blueprint


@blueprint.get("/requests/<reference>/certificate")
@requires(staff(Permission.SEE_REQUEST))
def certificate(reference: str) -> Any:
    """Show a certificate, which names nobody, in the language of the request; the case where there is none yet."""
    found = find_case(reference)
    erasure = erasure_of(found.id)
    with force_locale(found.language):
        shown = shown_certificate(erasure, found.language) if erasure else None
        if shown is None:
            return redirect(url_for(".case", reference=found.reference), 303)
        return render_template("rights/staff/papers/certificate.html", shown=shown)
