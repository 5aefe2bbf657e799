"""Every form of the portal, each with as much wrong in it as it can hold at once, and what makes it right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Flask
from flask_babel import force_locale

from portal import clock
from portal.access import forms as factors
from portal.accounts import forms as accounts
from portal.identity_checks import forms as checks
from portal.identity_checks.proof.paper_checks import CheckItem, RejectReason
from portal.identity_checks.proof.papers import Paper
from portal.identity_checks.proof.places import Place
from portal.instructions import forms as instructions
from portal.instructions.working import forms as working
from portal.lookups import forms as lookups
from portal.lookups.access_log import LOOK_REASONS, PROOF_REASONS
from portal.lookups.archive import forms as archive
from portal.lookups.watching import forms as watching
from portal.personal_data.categories import Category
from portal.personal_data.corrections.own_file import OWN_FILE
from portal.personal_data.outcomes import ItemOutcome
from portal.preferences import forms as preferences
from portal.preferences.purposes import FLAGS
from portal.records.corrections.targets import OWN_LABEL, Target, fields_of
from portal.records.data_map.kinds import Correction
from portal.retention.holds import forms as holds
from portal.rights.correcting import forms as correcting
from portal.rights.deciding import forms as deciding
from portal.rights.deciding.refusals import grounds_for
from portal.rights.filing import forms as filing
from portal.rights.filing import staff_forms
from portal.rights.identity import forms as identity
from portal.rights.identity import lifting_forms as lifting
from portal.rights.items import forms as items
from portal.rights.lifecycle import Right
from portal.rights.restricting import forms as restricting
from portal.rights.weighing import forms as weighing
from portal.staff import forms as staff
from portal.staff.approvals import forms as approvals
from portal.web.fields import PARTS
from portal.web.forms import PortalForm

Typed = dict[str, Any]

LONG = "x" * 5_000
GOOD_PASSWORD = "une phrase de passe assez longue"
OWN_ADDRESS = "camille@example.org"
A_FLAG = next(iter(FLAGS))
IN_A_MONTH = f"{clock.today() + timedelta(days=30):%d/%m/%Y}"
A_PLACE = Place("phone", "06 12 34 56 78", "••••", clock.now())
AN_OPINION = Target("records", "fraud_score", "S-1", Category.PROFILE, OWN_LABEL, {}, {}, "", Correction.STATEMENT)
A_TARGET = replace(AN_OPINION, category=Category.IDENTITY, fields=fields_of(OWN_FILE), default=Correction.REQUEST)
A_FILE = (b"\xff\xd8\xff", "page.jpg")


@dataclass(frozen=True)
class Case:
    """One form, with a wrong value for each field that can be wrong and the value that makes it right."""

    make: Callable[[], Any]
    wrong: Typed
    right: Typed


def offered(form: Any, *choices: Any) -> Any:
    """Return a form after it was handed the choices that depend on the case."""
    form.offer(*choices) if hasattr(form, "offer") else form.offer_grounds(*choices)
    return form


def owned(form: Any) -> Any:
    """Return a form that knows whose address it changes."""
    form.own_address, form.own_names = OWN_ADDRESS, [OWN_ADDRESS]
    return form


def plain(kind: Any, field: str, right: Any, wrong: Any = "") -> Case:
    """Return the case of a form with one field that can be wrong."""
    return Case(kind, {field: wrong}, {field: right})


SCOPE = {"scope": "", "details": LONG}
ALL_DATA = {"scope": "all", "details": ""}

CASES: dict[str, Case] = {
    "accounts.RegisterForm": Case(
        accounts.RegisterForm,
        {"given_name": "", "family_name": "", "email": "camille", "password": "camille"},
        {"given_name": "Camille", "family_name": "Roche", "email": OWN_ADDRESS, "password": GOOD_PASSWORD},
    ),
    "accounts.SignInForm": Case(
        accounts.SignInForm, {"email": "x", "password": ""}, {"email": OWN_ADDRESS, "password": "x"}
    ),
    "accounts.ForgottenForm": plain(accounts.ForgottenForm, "email", OWN_ADDRESS, "camille@"),
    "accounts.ResetForm": plain(accounts.ResetForm, "password", GOOD_PASSWORD, "short"),
    "accounts.ConfirmElsewhereForm": plain(accounts.ConfirmElsewhereForm, "password", "x"),
    "accounts.ChangeAddressForm": plain(lambda: owned(accounts.ChangeAddressForm()), "email", "c@example.org", "c"),
    "accounts.ChangePasswordForm": Case(
        lambda: owned(accounts.ChangePasswordForm()),
        {"current_password": "", "new_password": OWN_ADDRESS},
        {"current_password": "x", "new_password": GOOD_PASSWORD},
    ),
    "access.CodeForm": plain(factors.CodeForm, "code", "123456", "1" * 41),
    "access.AppCodeForm": plain(factors.AppCodeForm, "code", "123456"),
    "access.NewPasskeyForm": plain(factors.NewPasskeyForm, "name", "Phone", LONG),
    "access.PasswordAgainForm": plain(factors.PasswordAgainForm, "password", "x"),
    "checks.PaperForm": plain(checks.PaperForm, "paper", str(next(iter(Paper))), "library_card"),
    "checks.SidesForm": plain(lambda: checks.SidesForm(Paper.PASSPORT, set()), "page", A_FILE),
    "checks.CodeForm": plain(checks.CodeForm, "code", "123456"),
    "deciding.DecisionForm": Case(
        lambda: offered(deciding.DecisionForm(), grounds_for(Right.ACCESS)),
        {"way": "", "message": "", "ground": "none", "evidence": LONG},
        {"way": "proposed", "message": "Yes.", "ground": "", "evidence": ""},
    ),
    "deciding.SecondOpinionForm": Case(
        deciding.SecondOpinionForm, {"agrees": "maybe", "text": LONG}, {"agrees": "no", "text": "Because."}
    ),
    "deciding.QuestionForm": plain(deciding.QuestionForm, "text", "Which?"),
    "deciding.ExtensionForm": Case(
        deciding.ExtensionForm, {"reason": "", "text": ""}, {"reason": "complexity", "text": "Five systems."}
    ),
    "deciding.NoteForm": plain(deciding.NoteForm, "text", "A note.", LONG),
    "identity.LookForm": plain(identity.LookForm, "reason", LOOK_REASONS[0], "because"),
    "identity.ProofLookForm": plain(identity.ProofLookForm, "reason", PROOF_REASONS[0], LOOK_REASONS[0]),
    "identity.IdentityForm": Case(
        lambda: offered(identity.IdentityForm(), tuple(CheckItem), tuple(RejectReason)),
        {"checklist": "nothing", "result": "asked_again", "reason": "", "message": LONG},
        {"checklist": str(next(iter(CheckItem))), "result": "asked_again", "reason": str(next(iter(RejectReason))),
         "message": ""},
    ),
    "identity.DoubtForm": plain(identity.DoubtForm, "text", "The name differs."),
    "lifting.ReachForm": plain(lambda: offered(lifting.ReachForm(), [A_PLACE]), "place", "phone", "elsewhere"),
    "lifting.CallBackForm": Case(
        lambda: offered(lifting.CallBackForm(), [A_PLACE]),
        {"place": "", "result": "perhaps"},
        {"place": "phone", "result": "missed"},
    ),
    "lifting.PostedForm": plain(lifting.PostedForm, "number", "2C 123 456 7890 1"),
    "lifting.LetterAnswerForm": Case(
        lifting.LetterAnswerForm, {"answer": "code", "code": ""}, {"answer": "code", "code": "1234 5678"}
    ),
    "lifting.ReasonForm": plain(lifting.ReasonForm, "reason", "They named their last two bills."),
    "staff_forms.TakeInForm": Case(
        staff_forms.TakeInForm,
        {"email": "", "channel": "pigeon", "right": "objection", "use": "", "received_on": "31/blurg/26", "words": LONG},
        {"email": OWN_ADDRESS, "channel": "post", "right": "objection", "use": "marketing",
         "received_on": "3/november/2026", "words": "Stop."},
    ),
    "filing.CopyForm": Case(filing.CopyForm, SCOPE, ALL_DATA),
    "correcting.CorrectionForm": Case(
        lambda: correcting.form_of(A_TARGET, ["language"], {}),
        {"value_language": "", "statement": LONG},
        {"value_language": "en", "statement": ""},
    ),
    "correcting.WordsForm": Case(
        lambda: correcting.form_of(AN_OPINION, [], {}), {"statement": ""}, {"statement": "This payment was mine."}
    ),
    "filing.CorrectForm": Case(
        filing.CorrectForm,
        {"category": "", "wrong": "", "correct": LONG},
        {"category": "identity", "wrong": "The name.", "correct": ""},
    ),
    "filing.EraseForm": Case(filing.EraseForm, {"scope": "some", "categories": [], "details": LONG},
                             {"scope": "some", "categories": ["identity"], "details": ""}),
    "filing.StopUseForm": Case(
        filing.StopUseForm, {"use": "all", "details": LONG}, {"use": "marketing", "details": ""}
    ),
    "filing.PauseForm": Case(filing.PauseForm, SCOPE | {"case": ""}, ALL_DATA | {"case": "accuracy"}),
    "filing.TakeAwayForm": Case(
        filing.TakeAwayForm, SCOPE | {"destination": LONG}, ALL_DATA | {"destination": "Another company"}
    ),
    "filing.ReviewDecisionForm": Case(
        filing.ReviewDecisionForm, {"decision": "", "details": LONG}, {"decision": "A price.", "details": ""}
    ),
    "filing.AfterDeathForm": Case(
        filing.AfterDeathForm,
        {"wish_identity": "disclose", "designee_name": "", "designee_contact": "", "consent": ""},
        {"wish_identity": "disclose", "designee_name": "Ana", "designee_contact": "06", "consent": "y"},
    ),
    "filing.LetterCodeForm": plain(filing.LetterCodeForm, "code", "1234 5678"),
    "filing.WordsForm": plain(filing.WordsForm, "text", "One more thing."),
    "instructions.AnswerForm": Case(
        instructions.AnswerForm, {"result": "", "words": LONG}, {"result": "done", "words": ""}
    ),
    "working.ExemptForm": Case(
        working.ExemptForm, {"cause": "lost", "words": ""}, {"cause": "impossible", "words": "Its tapes are sealed."}
    ),
    "restricting.ReplyForm": plain(restricting.ReplyForm, "reply", "The trial goes on."),
    "lookups.LookupForm": Case(
        lookups.LookupForm,
        {"identifier": "", "reason": "short", "request_reference": "the last one"},
        {"identifier": OWN_ADDRESS, "reason": "They called about a bill.", "request_reference": "DR-2026-00431"},
    ),
    "watching.ClosingForm": plain(watching.ClosingForm, "words", "Nothing wrong."),
    "preferences.AddressForm": plain(preferences.AddressForm, "email", OWN_ADDRESS, "camille @"),
    "preferences.FindForm": Case(
        preferences.FindForm,
        {"identifier": "", "reason": "short"},
        {"identifier": OWN_ADDRESS, "reason": "They called about a mail."},
    ),
    "preferences.SwitchOffForm": Case(
        lambda: preferences.SwitchOffForm([A_FLAG]),
        {"is_objection": "", "how": LONG},
        {"is_objection": "y", "how": "A call."},
    ),
    "staff.SignInForm": Case(staff.SignInForm, {"email": "", "password": ""}, {"email": "x", "password": "x"}),
    "staff.NewPasswordForm": plain(lambda: staff.NewPasswordForm(["Alex Doe"]), "password", GOOD_PASSWORD, "Alex Doe"),
    "staff.ChangePasswordForm": Case(
        lambda: staff.ChangePasswordForm(["Alex Doe"]),
        {"current": "", "password": "Alex Doe Alex Doe"},
        {"current": "x", "password": GOOD_PASSWORD},
    ),
    "staff.InviteForm": Case(
        staff.InviteForm,
        {"name": "", "email": "alex", "role": "king", "reason": ""},
        {"name": "Alex", "email": "alex@example.org", "role": "support", "reason": "New here."},
    ),
    "staff.RoleForm": Case(
        staff.RoleForm, {"role": "king", "reason": ""}, {"role": "support", "reason": "Another team."}
    ),
    "staff.ReviewForm": plain(staff.ReviewForm, "is_read", "y"),
    "staff.TokenForm": Case(
        staff.TokenForm,
        {"name": "", "scopes": "everything", "days": "36500", "reason": ""},
        {"name": "Mailing", "scopes": "preferences:read", "days": "90", "reason": "To ask before each mail."},
    ),
    "archive.ArchiveForm": Case(
        lambda: offered(archive.ArchiveForm()),
        {"identifier": "", "reason": "short", "request_reference": "the last one", "ground": "curiosity"},
        {"identifier": OWN_ADDRESS, "reason": "They called about a bill.", "request_reference": "DR-2026-00431",
         "ground": "person"},
    ),
    "holds.PlaceForm": Case(
        lambda: offered(holds.PlaceForm()),
        {"identifier": "", "category": "everything", "ground": "mood", "words": "short", "review_on": "//"},
        {"identifier": OWN_ADDRESS, "category": "", "ground": "litigation", "words": "A claim about an order.",
         "review_on": IN_A_MONTH},
    ),
    "holds.ReviewForm": plain(holds.ReviewForm, "review_on", IN_A_MONTH, "//"),
    "holds.LiftForm": plain(holds.LiftForm, "reason", "The claim is settled.", "short"),
    "items.ItemForm": Case(
        lambda: offered(items.ItemForm(), [ItemOutcome.ERASED, ItemOutcome.KEPT], grounds_for(Right.ERASURE)),
        {"outcome": "lost", "ground": "none", "until_on": "99/99/9999"},
        {"outcome": "erased", "ground": "", "until_on": "//"},
    ),
    "items.RecordsForm": Case(
        lambda: offered(items.RecordsForm(), [ItemOutcome.ERASED, ItemOutcome.KEPT], grounds_for(Right.ERASURE)),
        {"outcome": "lost", "ground": "none", "until_on": "99/99/9999", "from_on": "3/11/2026", "to_on": "2/11/2026"},
        {"outcome": "erased", "ground": "", "until_on": "//", "from_on": "1/11/2026", "to_on": "2/11/2026"},
    ),
    "weighing.WeighingForm": Case(
        weighing.WeighingForm,
        {"interest": "", "necessity": LONG, "grounds": "", "safeguards": "", "result": "lost", "summary": ""},
        {"interest": "a", "necessity": "b", "grounds": "c", "safeguards": "d", "result": "stopped", "summary": "e"},
    ),
    "items.UsesForm": Case(items.UsesForm, {"purposes": ""}, {"purposes": "statistics"}),
    "items.PartForm": plain(items.PartForm, "words", "My date of birth", LONG),
    "approvals.ProposalForm": plain(approvals.ProposalForm, "reason", "Why not."),
    "approvals.AnswerForm": Case(
        approvals.AnswerForm, {"answer": "decline", "words": ""}, {"answer": "decline", "words": "No need."}
    ),
}  # fmt: skip
"""Each form by the name of its module and class."""

NOTHING_TO_CORRECT = {"accounts.ConfirmForm", "accounts.DenyForm", "access.PasskeyForm"}
BASES = {
    "PortalForm",
    "AddressKnown",
    "CaseForm",
    "DetailsForm",
    "ScopeForm",
    "WishesForm",
    "NamingForm",
    "OpeningForm",
}


def all_forms(kind: type = PortalForm) -> Iterator[type]:
    """Yield every class of form that the portal has loaded, from its base down."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("portal."):
            yield each
        yield from all_forms(each)


def check(app: Flask, case: Case, typed: Typed, language: str, *, by_label: bool = False) -> dict[str, str]:
    """Return what a form says of what was typed: the first message beside each field, by its name or its label."""
    body: dict[str, Any] = {}
    for name, value in typed.items():
        if name.endswith("_on"):
            body |= {f"{name}-{part}": text for part, text in zip(PARTS, value.split("/"), strict=True)}
        else:
            body[name] = (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
    with app.test_request_context("/", method="POST", data=body), force_locale(language):
        form = case.make()
        form.validate()
        said = {form[name]: str(messages[0]) for name, messages in form.errors.items()}
        return {str(field.label.text) if by_label else field.name: text for field, text in said.items()}
