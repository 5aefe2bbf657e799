"""The forms of an identity check: which paper, its sides, and the code by mail; and sentences about files."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, RadioField

from portal.identity_checks.decoding.inspection import DocumentRefused, UploadProblem
from portal.identity_checks.decoding.legibility import PictureDoubt
from portal.identity_checks.proof.papers import OF_IDENTITY, Paper, Side
from portal.identity_checks.queries import GivenSide
from portal.web.fields import CodeField
from portal.web.filters import file_size, number
from portal.web.forms import Needed, PortalForm
from portal.web.incoming.uploads import TOLD_LIMIT, BoundedFile, sent_file

PICTURES = "image/jpeg,image/png,image/webp,image/heic,image/heif"
ACCEPTED = f"{PICTURES},application/pdf"


class PaperForm(PortalForm):
    """Which paper will be sent. It is sent by GET, since it changes nothing."""

    class Meta(PortalForm.Meta):
        csrf = False

    paper = RadioField(_l("Which document do you send?"), validators=[Needed(_l("Choose the document that you send."))])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.paper.choices = [(str(paper), paper.label(get_locale())) for paper in OF_IDENTITY]


class SidesForm(PortalForm):
    """A file field for each side of a paper; a side that has arrived may be left alone."""

    class Meta(PortalForm.Meta):
        takes_files = True

    front = FileField()
    back = FileField()
    page = FileField()
    proof = FileField()
    front_photo = FileField()
    back_photo = FileField()
    page_photo = FileField()
    proof_photo = FileField()

    def __init__(self, paper: Paper, arrived: set[Side]) -> None:
        super().__init__()
        self.paper, self.arrived = paper, arrived
        for side in Side:
            if side not in paper.sides:
                delattr(self, side)
                delattr(self, f"{side}_photo")
                continue
            self[side].label.text = side.label(get_locale())
            self._describe(side)

    def _describe(self, side: Side) -> None:
        field, photo = self[side], self[f"{side}_photo"]
        if self.paper is Paper.FRANCE_IDENTITE:
            delattr(self, f"{side}_photo")
            field.description = _("The PDF from the app, %(size)s at most.", size=file_size(TOLD_LIMIT))
            field.render_kw = {"accept": "application/pdf"}
            return
        field.description = _(
            "Photo or scan. JPEG, PNG, WebP, HEIC or PDF, %(size)s at most.", size=file_size(TOLD_LIMIT)
        )
        field.render_kw = {"accept": ACCEPTED}
        # `capture` opens the camera at once and hides the gallery, so this control stands beside the plain one.
        photo.render_kw = {"accept": PICTURES, "capture": "environment"}

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        missing = [side for side in self.sides if side not in self.arrived]
        if missing and not self.sent:
            for side in missing:
                self.refuse(side, _missing(side))
            return False
        return is_valid

    @property
    def sides(self) -> list[Side]:
        """The sides that this form has a field for."""
        return [side for side in Side if side in self]

    @property
    def sent(self) -> dict[Side, BoundedFile]:
        """The files that were sent, by side."""
        return {side: file for side in self.sides if (file := self._sent(side)) is not None}

    def photo(self, side: Side) -> FileField | None:
        """Return the second control of a side, which takes a photo; None where only a file will do."""
        photo: FileField | None = self._fields.get(f"{side}_photo")
        return photo

    def _sent(self, side: Side) -> BoundedFile | None:
        photo = self.photo(side)
        return sent_file(self[side].data) or (sent_file(photo.data) if photo else None)

    def renewed(self, arrived: set[Side]) -> "SidesForm":
        """Return a fresh form for the sides that have arrived by now, with the errors of this one."""
        form = SidesForm(self.paper, arrived)
        for side in self.sides:
            if self[side].errors:
                form.refuse(side, self[side].errors[0])
        return form

    def refuse(self, side: Side, message: str) -> None:
        """Say what is wrong with one side."""
        self[side].errors = [message]


class CodeForm(PortalForm):
    """The six digits that came by mail."""

    code = CodeField(
        _l("The code from the e-mail"),
        description=_l("Six digits. Spaces do not matter."),
        validators=[Needed(_l("Type the code from the e-mail."))],
    )


def _missing(side: Side) -> str:
    messages: dict[Side, str] = {
        Side.FRONT: _("Add the front of your document."),
        Side.BACK: _("Add the back of your document."),
        Side.PAGE: _("Add the page with your name."),
        Side.PROOF: _("Add your proof."),
    }
    return messages[side]


def problem_sentence(refusal: DocumentRefused) -> str:
    """Return what is wrong with a file and what to do, in one or two sentences."""
    found = {name: number(value) for name, value in refusal.details.items()}
    sizes = {"size": file_size(refusal.details.get("size", 0)), "limit": file_size(TOLD_LIMIT)}
    sentences: dict[UploadProblem, str] = {
        UploadProblem.EMPTY: _("This file is empty. Choose another one."),
        UploadProblem.TOO_BIG: _("This file is %(size)s. Choose one of %(limit)s at most.", **_both(sizes)),
        UploadProblem.WRONG_TYPE: _(
            "This file is neither a JPEG, PNG, WebP or HEIC picture nor a PDF. Choose another one."
        ),
        UploadProblem.NOT_THE_PDF: _("This is a picture. Send the PDF itself, as the app made it."),
        UploadProblem.ENCRYPTED_PDF: _("A password protects this PDF. Save it without a password, then send it again."),
        UploadProblem.ANIMATED: _("This picture moves. Send a still photo."),
        UploadProblem.TOO_MANY_PAGES: _(
            "This PDF has %(pages)s pages. Send only the page we need, %(limit)s at most.", **_both(found)
        ),
        UploadProblem.TOO_MANY_PIXELS: _(
            "This picture is too large (%(width)s × %(height)s pixels). Send a smaller one.", **_both(found)
        ),
        UploadProblem.TRUNCATED: _("This file is incomplete: a part of it did not arrive. Send it again."),
        UploadProblem.POLYGLOT: _("Something else is hidden in this file. Take a new photo and send that."),
        UploadProblem.TIMED_OUT: _(
            "We cannot show this file: it takes too long. Take a photo of the document instead."
        ),
        UploadProblem.UNREADABLE: _("We cannot read this file. Take a new photo, or save it again as JPEG."),
    }
    return sentences[refusal.problem]


def doubt_sentence(given: GivenSide) -> str:
    """Return what may be wrong with the picture of a side that has arrived; empty when nothing seems wrong."""
    sentences: dict[PictureDoubt | None, str] = {
        None: "",
        PictureDoubt.DARK: _(
            "%(side)s: this picture is dark. Can the name and the dates be read? If not, send another one.",
            side=given.side.label(get_locale()),
        ),
        PictureDoubt.BLURRED: _(
            "%(side)s: this picture is blurred. Can the name and the dates be read? If not, send another one.",
            side=given.side.label(get_locale()),
        ),
    }
    return sentences[given.doubt]


def _both(details: dict[str, str]) -> dict[str, str]:
    """Return `details` with every name that a sentence may use: all sentences are filled in, though one is shown."""
    return dict.fromkeys(("size", "limit", "pages", "width", "height"), "") | details
