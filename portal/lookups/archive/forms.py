"""The form that opens what lies in the archive about a customer."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.lookups.forms import LookupForm, reason_field
from portal.lookups.grounds import ArchiveGround
from portal.web.forms import Needed


class ArchiveForm(LookupForm):
    reason = reason_field(_l("Why do you open the archive?"), _l("Say why you open the archive."))
    ground = RadioField(_l("For what"), [Needed(_l("Choose for what the archive is opened."))])

    def offer_grounds(self) -> None:
        """Offer the grounds in the reader's language."""
        language = str(get_locale())
        self.ground.choices = [(ground.value, ground.label(language)) for ground in ArchiveGround]
