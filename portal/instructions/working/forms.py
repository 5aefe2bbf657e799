"""The form by which the officer says why somebody need not act."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField

from portal.instructions.forms import REASONS
from portal.web.forms import LengthBetween, Needed, PortalForm


class ExemptForm(PortalForm):
    cause = RadioField(_l("Why it need not be done"), [Needed(_l("Choose the reason."))], choices=list(REASONS))
    words = TextAreaField(
        _l("The reason in words"),
        [Needed(_l("Write the reason.")), LengthBetween(10, 1000)],
        description=_l("The customer reads it."),
        render_kw={"rows": "3"},
    )
