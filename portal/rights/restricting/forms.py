"""The form of a reply to the notice of a lift, by the person or noted for them."""

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from portal.web.forms import LengthBetween, Needed, PortalForm


class ReplyForm(PortalForm):
    reply = TextAreaField(
        _l("Why the data should stay on hold"),
        [Needed(_l("Say why the data should stay on hold.")), LengthBetween(most=4000)],
        render_kw={"rows": "4"},
    )
