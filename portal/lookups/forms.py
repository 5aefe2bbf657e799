"""The form that opens a customer's file."""

from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import StopValidation

from portal.infrastructure.references import read_reference
from portal.lookups.opening import LONGEST_REASON, SHORTEST_REASON
from portal.web.forms import LengthBetween, Needed, PortalForm


class LookupForm(PortalForm):
    identifier = StringField(
        _l("E-mail address, customer number or reference"),
        [Needed(_l("Enter an e-mail address, a customer number or a reference.")), LengthBetween(most=254)],
        description=_l("The whole of it, exactly: there is no search by part of a name."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason = TextAreaField(
        _l("Why do you open this file?"),
        [
            Needed(_l("Say why you open this file.")),
            LengthBetween(
                SHORTEST_REASON,
                LONGEST_REASON,
                _l("Say a little more: at least %(least)s characters.", least=SHORTEST_REASON),
            ),
        ],
        description=_l("The customer reads these words. Write nothing here that they should not know."),
        render_kw={"rows": "3"},
    )
    request_reference = StringField(
        _l("Case reference (if there is one)"),
        [LengthBetween(most=40)],
        description=_l("Such as DR-2026-00431."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )

    def validate_request_reference(self, field: Field) -> None:
        if field.data and read_reference(field.data) is None:
            raise StopValidation(_l("Write the case reference as DR-2026-00431, or leave it empty."))
