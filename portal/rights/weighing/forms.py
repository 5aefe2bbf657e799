"""The form by which a use is weighed."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice

from portal.rights.deciding.forms import LONG_TEXT, CaseForm
from portal.rights.weighing.weighing import Balance, Result
from portal.web.forms import LengthBetween, Needed


def _text(label: Any, needed: Any, hint: Any = "") -> TextAreaField:
    return TextAreaField(label, description=hint, validators=[Needed(needed), LengthBetween(most=LONG_TEXT)])


class WeighingForm(CaseForm):
    """The company's interest weighed against the person's, and what comes of it."""

    interest = _text(_l("Our interest"), _l("Write what the company pursues."), _l("What the company pursues by it."))
    necessity = _text(
        _l("Why it is necessary"),
        _l("Write why it takes these data."),
        _l("Why it takes this person’s data, and nothing milder does."),
    )
    grounds = _text(
        _l("The grounds, against the person’s situation"),
        _l("Write what is compelling, or why nothing is."),
        _l("What is compelling here, or why nothing is. The company has to prove it."),
    )
    safeguards = _text(
        _l("What protects the person"),
        _l("Write what protects the person."),
        _l("Limits on access, time and effects; what a person checks."),
    )
    result = RadioField(
        _l("What comes of it"),
        choices=[
            SelectChoice(Result.STOPPED.value, _l("The use stops")),
            SelectChoice(Result.OVERRIDDEN.value, _l("The use goes on: the privacy officer has to agree")),
        ],
        validators=[Needed(_l("Choose what comes of it."))],
    )
    summary = _text(
        _l("Summary for the person"),
        _l("Write the summary for the person."),
        _l("In the language of the request. It stands in the answer."),
    )

    @property
    def balance(self) -> Balance:
        """What was typed."""
        texts = {name: self[name].data or "" for name in Balance.__dataclass_fields__ if name != "result"}
        return Balance(Result(self.result.data), **texts)
