"""The forms of filing, one for each plain choice, and those of a request that was sent."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from portal.personal_data.categories import CATEGORIES
from portal.rights.chosen import RestrictionCase, Use, Wish
from portal.rights.intents import Intent
from portal.web.fields import CodeField, NameField
from portal.web.forms import LengthBetween, Needed, PortalForm

LONGEST_TEXT = 4000
NOTHING_TICKED = _l("Tick at least one kind of data.")
ALL, SOME, KINDS, RECORD = "all", "some", "kinds", "record"


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]
    """Several choices, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def long_text(label: Any, hint: Any = None, needed: Any = None) -> TextAreaField:
    """Return a field for several lines; `needed` is the message when it may not stay empty."""
    validators = [*([Needed(needed)] if needed else []), LengthBetween(most=LONGEST_TEXT)]
    return TextAreaField(label, description=hint or "", validators=validators)


class DetailsForm(PortalForm):
    """The base of every choice's first page: it gives its answers to store, and is filled from stored ones."""

    names: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Field]:
        """The fields in the order in which they are asked."""
        return [self[name] for name in self.names]

    def answers(self) -> dict[str, Any]:
        """Return what was typed, without what was left empty."""
        found = {name: self[name].data for name in self.names}
        return {name: value for name, value in found.items() if value not in (None, "", [], False)}


class ScopeForm(DetailsForm):
    """A choice that is about all data or about some categories."""

    scope = RadioField(_l("Which data?"), validators=[Needed(_l("Choose between all your data and some."))])
    categories = CheckboxesField(
        _l("If you chose some: which?"), description=_l("Tick at least one, only if you chose “some”.")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.scope.choices = [(ALL, _("All my data")), (SOME, _("Only some"))]
        self.categories.choices = [(str(code), code.label(get_locale())) for code in CATEGORIES]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if self.scope.data == SOME and not self.categories.data:
            self.categories.errors = [str(NOTHING_TICKED)]
            return False
        return is_valid

    def answers(self) -> dict[str, Any]:
        found = super().answers()
        if found.get("scope") == ALL:
            found.pop("categories", None)
        return found


class CopyForm(ScopeForm):
    names = ("scope", "categories", "every_page", "details")
    every_page = BooleanField(
        _l("I want every item in the pages to read"),
        description=_l(
            "The copy always holds everything, in files for a spreadsheet. Its pages to read show the 500 newest items"
            " of each category."
        ),
    )
    details = long_text(
        _l("Something to add? (optional)"),
        _l("A period, a place, an exchange that you have in mind. You need not say why you ask."),
    )


def _on_hold(description: Any) -> BooleanField:
    """Return the box that puts data on hold while something is looked into (GDPR art. 18(1)(a) and (d))."""
    return BooleanField(_l("Put these data on hold meanwhile"), description=description)


class CorrectForm(DetailsForm):
    names = ("category", "wrong", "correct", "on_hold")
    category = SelectField(_l("Which data are wrong?"), validators=[Needed(_l("Choose which data are wrong."))])
    wrong = long_text(
        _l("What is wrong or missing?"),
        _l("Copy what we show and say what is not right."),
        _l("Say what is wrong or missing."),
    )
    correct = long_text(_l("What should it say? (optional)"))
    on_hold = _on_hold(_l("Until we have checked, the kind of data chosen above is stored and used for nothing else."))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.category.choices = [
            ("", _("Choose")),
            *((str(code), code.label(get_locale())) for code in CATEGORIES),
        ]


class EraseForm(ScopeForm):
    """An erasure. The kinds that may be named depend on what is held, so the view hands them in (`offer`)."""

    names = ("scope", "categories", "kinds", "record", "when_it_ends", "details")
    kinds = CheckboxesField(
        _l("If you chose some kinds: which?"), description=_l("Tick at least one, only if you chose “some kinds”.")
    )
    record = HiddenField()
    when_it_ends = BooleanField(
        _l("When a running contract ends, erase what it needs too"),
        description=_l("It stays until then, because the contract needs it. You need not ask again."),
    )
    details = long_text(
        _l("Something to add? (optional)"),
        _l("For example what you no longer need with us. You need not say why you ask."),
    )

    has_contract = False

    def __init__(self, *arguments: Any, data: dict[str, Any] | None = None, **options: Any) -> None:
        flat = (data or {}) | ({"record": ":".join(data["record"])} if data and "record" in data else {})
        super().__init__(*arguments, data=flat, **options)

    def offer(self, kinds: list[tuple[str, str]], record: str = "", *, has_contract: bool = False) -> None:
        """Offer the kinds that are held, as (code, name), and the one record that the person comes from, by its name.

        Args:
            has_contract: whether a contract runs, which needs some of it.
        """
        self.has_contract = has_contract
        self.kinds.choices = kinds
        named = [(KINDS, _("Only some kinds"))] if kinds else []
        alone = [(RECORD, _("Only this: %(record)s", record=record))] if record else []
        self.scope.choices = [
            *alone,
            (ALL, _("All my data, and my account")),
            (SOME, _("Only some categories")),
            *named,
        ]

    @property
    def record_named(self) -> list[str]:
        """Kind and number of the one record that the person comes from; empty where there is none."""
        kind, colon, number = (self.record.data or "").partition(":")
        return [kind, number] if colon else []

    @property
    def shown(self) -> list[Field]:
        left_out = {"record"} | (set() if self.kinds.choices else {"kinds"})
        left_out |= set() if self.has_contract else {"when_it_ends"}
        return [self[name] for name in self.names if name not in left_out]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        if self.scope.data == KINDS and not self.kinds.data:
            self.kinds.errors = [str(NOTHING_TICKED)]
            return False
        return is_valid

    def answers(self) -> dict[str, Any]:
        """Return what was typed; of the ways to say which data, only the one that was chosen."""
        found = super().answers()
        chosen = {SOME: "categories", KINDS: "kinds", RECORD: "record"}.get(found.get("scope", ""))
        for name in {"categories", "kinds", "record"} - {chosen}:
            found.pop(name, None)
        if "record" in found:
            found["record"] = self.record_named
        return found


class StopUseForm(DetailsForm):
    """An objection. The uses that rest on the company's interest depend on what is held: the view hands them in."""

    names = ("use", "purposes", "on_hold", "details")
    use = RadioField(
        _l("Which use should stop?"),
        description=_l(
            "Advertising and profiling for it stop at once, without any reason. For the others, a person answers you."
        ),
        validators=[Needed(_l("Choose the use that should stop."))],
    )
    purposes = CheckboxesField(
        _l("Uses that rest on our legitimate interest (optional)"),
        description=_l(
            "Tick those that should stop. We weigh our interest against your situation, use by use; until we answer,"
            " our systems read that your data are not to be used for them."
        ),
    )
    on_hold = _on_hold(
        _l("Until we have answered, what this use needs is stored and used for nothing else. Advertising stops anyway.")
    )
    details = long_text(
        _l("Your situation (optional)"),
        _l("What makes this use a problem for you. Leave it empty for advertising."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.use.choices = [(str(use), use.label(get_locale())) for use in Use]
        self.purposes.choices = []

    def offer(self, uses: list[tuple[str, str]]) -> None:
        """Offer the uses that rest on the company's interest, as (code, name)."""
        self.purposes.choices = uses

    @property
    def shown(self) -> list[Field]:
        return [self[name] for name in self.names if name != "purposes" or self.purposes.choices]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what was chosen; whoever ticks a use below needs no choice above."""
        if self.purposes.data and not self.use.data:
            self.use.data = str(Use.OTHER)
        return bool(super().validate(extra_validators))


class PauseForm(ScopeForm):
    names = ("case", "scope", "categories", "details")
    case = RadioField(_l("Your situation"), validators=[Needed(_l("Choose your situation."))])
    details = long_text(_l("Something to add? (optional)"))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.case.choices = [(str(case), case.label(get_locale())) for case in RestrictionCase]


class TakeAwayForm(ScopeForm):
    names = ("scope", "categories", "destination", "details")
    destination = StringField(
        _l("Another company that should receive them (optional)"),
        description=_l(
            "We do not send them there ourselves: you get a file in an open format, which you can hand over."
        ),
        validators=[LengthBetween(most=300)],
    )
    details = long_text(_l("Something to add? (optional)"))


class ReviewDecisionForm(DetailsForm):
    names = ("decision", "details")
    decision = long_text(
        _l("Which decision?"),
        _l("What was decided, and when if you know: a refused payment, a closed account, a price."),
        _l("Say which decision you want looked at again."),
    )
    details = long_text(_l("What should the person who looks at it know? (optional)"))


class WishesForm(DetailsForm):
    """What becomes of each category. One that the person leaves alone is kept as without directives."""


for _category in CATEGORIES:
    setattr(WishesForm, f"wish_{_category}", RadioField(default=str(Wish.KEEP)))


class AfterDeathForm(WishesForm):
    names = ("designee_name", "designee_contact", "consent")
    designee_name = NameField(
        _l("The person who will see to it (optional)"),
        description=_l("First name and last name. Needed when data are to be handed over."),
        validators=[LengthBetween(most=200)],
    )
    designee_contact = StringField(
        _l("How to reach this person (optional)"),
        description=_l("An e-mail address, a telephone number or a postal address."),
        validators=[LengthBetween(most=300)],
    )
    consent = BooleanField(
        _l("I agree that you keep these directives and apply them after my death."),
        description=_l("This consent is apart from any general terms. You can change or take it back at any time."),
        validators=[Needed(_l("Tick the box so that we may keep your directives."))],
    )

    def __init__(self, *arguments: Any, data: dict[str, Any] | None = None, **options: Any) -> None:
        wishes = (data or {}).get("wishes", {})
        flat = (data or {}) | {f"wish_{code}": wishes.get(code) for code in CATEGORIES if wishes.get(code)}
        super().__init__(*arguments, data=flat, **options)
        for category in CATEGORIES:
            field = self[f"wish_{category}"]
            field.label.text = category.label(get_locale())
            field.choices = [(str(wish), wish.label(get_locale())) for wish in Wish]

    @property
    def shown(self) -> list[Field]:
        return [*(self[f"wish_{code}"] for code in CATEGORIES), *super().shown]

    @property
    def wishes(self) -> dict[str, str]:
        """The wish for each category."""
        return {str(code): self[f"wish_{code}"].data or str(Wish.KEEP) for code in CATEGORIES}

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if Wish.DISCLOSE in self.wishes.values():
            for field, message in (
                (self.designee_name, _("Name the person to whom the data are to be handed.")),
                (self.designee_contact, _("Say how to reach this person.")),
            ):
                if not field.data:
                    field.errors = [message]
                    is_valid = False
        return is_valid

    def answers(self) -> dict[str, Any]:
        return {"wishes": self.wishes} | super().answers()


FORMS: dict[Intent, type[DetailsForm]] = {
    Intent.COPY: CopyForm,
    Intent.CORRECT: CorrectForm,
    Intent.ERASE: EraseForm,
    Intent.STOP_USE: StopUseForm,
    Intent.PAUSE: PauseForm,
    Intent.TAKE_AWAY: TakeAwayForm,
    Intent.REVIEW_DECISION: ReviewDecisionForm,
    Intent.AFTER_DEATH: AfterDeathForm,
}


class WordsForm(PortalForm):
    """Words added to a request that was sent."""

    text = long_text(_l("Your message"), None, _l("Write your message."))


class LetterCodeForm(PortalForm):
    """The code of a registered letter."""

    code = CodeField(_l("Code of the letter"), [Needed(_l("Enter the code of the letter.")), LengthBetween(most=40)])
