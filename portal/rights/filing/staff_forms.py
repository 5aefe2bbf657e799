"""The form of a request that came by another way than the portal."""

from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.validators import StopValidation

from portal import clock
from portal.personal_data.categories import CATEGORIES
from portal.records.objections import uses_open_to_objection
from portal.rights.channels import Channel
from portal.rights.chosen import Use
from portal.rights.deciding.forms import LONG_TEXT
from portal.rights.filing.forms import ALL, CheckboxesField
from portal.rights.lifecycle import Right
from portal.web.fields import DateField3
from portal.web.forms import LengthBetween, Needed, PortalForm

# The portal files these itself. A message that somebody writes on Facebook is of the channel “social network”.
BY_ITSELF = (Channel.PORTAL, Channel.FACEBOOK)

RIGHTS_APPLY_FROM = date(2018, 5, 25)
"""The day from which the rights can be exercised (GDPR art. 99(2)). An earlier date of receipt is a typing error."""


def _channels() -> list[tuple[str, str]]:
    return [("", ""), *((item.value, item.label(get_locale())) for item in Channel if item not in BY_ITSELF)]


def _rights() -> list[tuple[str, str]]:
    return [("", ""), *((item.value, item.label(get_locale())) for item in Right)]


def _uses() -> list[tuple[str, str]]:
    return [("", ""), *((item.value, item.label(get_locale())) for item in Use)]


class TakeInForm(PortalForm):
    """A request that came by another channel."""

    email = StringField(
        _l("Customer’s e-mail address or number"),
        validators=[Needed(_l("Enter the customer’s e-mail address or number.")), LengthBetween(most=254)],
    )  # fmt: skip
    channel = SelectField(_l("How it came"), choices=_channels, validators=[Needed(_l("Choose how it came."))])
    right = SelectField(_l("Right"), choices=_rights, validators=[Needed(_l("Choose the right."))])
    use = SelectField(
        _l("What the customer objects to"),
        description=_l("For an objection only. Advertising stops as soon as you take the request in."),
        choices=_uses,
    )  # fmt: skip
    purposes = CheckboxesField(
        _l("Uses that rest on our interest"),
        description=_l("For an objection only: tick those that it names. Each is weighed by itself."),
    )
    categories = CheckboxesField(
        _l("What is to be erased"),
        description=_l("For an erasure only. Everything means the account and the file too."),
    )
    on_hold = BooleanField(
        _l("The customer wants the data put on hold meanwhile"),
        description=_l("For a correction or an objection: the data are stored and left alone until the answer."),
    )
    received_on = DateField3(
        _l("Date of receipt"), description=_l("The clock starts on this day."),
        validators=[Needed(_l("Enter the date of receipt."))],
    )  # fmt: skip
    words = TextAreaField(
        _l("The customer’s own words"),
        validators=[Needed(_l("Write down what the customer said.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
    is_on_behalf = BooleanField(
        _l("Somebody else asks on the customer’s behalf"),
        description=_l("Check who they are, and the mandate they hold, before anything leaves."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        named = [(category.value, category.label(get_locale())) for category in CATEGORIES]
        self.purposes.choices = [(use.code, use.label.text(get_locale())) for use in uses_open_to_objection()]
        self.categories.choices = [(ALL, _("Everything")), *named]

    def validate_categories(self, field: Field) -> None:
        if self.right.data == Right.ERASURE and not field.data:
            raise StopValidation(_l("Tick what is to be erased"))
        if self.right.data != Right.ERASURE or ALL in (field.data or ()):
            field.data = []

    def validate_use(self, field: Field) -> None:
        if self.right.data == Right.OBJECTION and self.purposes.data and not field.data:
            field.data = str(Use.OTHER)
        if self.right.data == Right.OBJECTION and not field.data:
            raise StopValidation(_l("Choose what the customer objects to."))
        if self.right.data != Right.OBJECTION:
            field.data, self.purposes.data = "", []

    def validate_on_hold(self, field: Field) -> None:
        field.data = field.data and self.right.data in {Right.RECTIFICATION, Right.OBJECTION}

    def validate_received_on(self, field: Field) -> None:
        if field.data > clock.today():
            raise StopValidation(_l("The date of receipt cannot be in the future."))
        if field.data < RIGHTS_APPLY_FROM:
            raise StopValidation(_l("The date of receipt cannot be before 25 May 2018. Check the year."))
