"""The form in which an officer closes an alert."""

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from portal.web.forms import LengthBetween, Needed, PortalForm


class ClosingForm(PortalForm):
    words = TextAreaField(
        _l("What you found"),
        [Needed(_l("Write what you found.")), LengthBetween(most=1000)],
        description=_l("The member may ask to read this. Write no customer’s name."),
        render_kw={"rows": "3"},
    )
