"""One page that shows every part that pages are made of, in each of its states, served on loopback for Chromium."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, g, render_template
from flask_wtf.file import FileField
from jinja2 import ChoiceLoader, FileSystemLoader
from wtforms import BooleanField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.access.declare import PUBLIC, requires
from portal.web.forms import PortalForm
from portal.web.navigation import Link
from tests.support.demonstration import make_app
from tests.support.servers.loopback import Loopback
from tests.support.servers.served import Served

LINKS = {
    "fr": ("Vos données", "Préférences", "Vos demandes", "Qui a vu vos données", "Compte"),
    "en": ("Your data", "Preferences", "Your requests", "Who looked at your data", "Account"),
}


class EveryField(PortalForm):
    """A field of each kind; half of them were answered wrongly."""

    name = StringField("Nom, name", description="Camille Lefèvre")
    words = TextAreaField("Précisions, details")
    kind = RadioField(
        "Données, data", choices=[SelectChoice("all", "Tout, everything"), SelectChoice("some", "Une partie, a part")]
    )
    agreed = BooleanField("J’ai lu, I have read")
    file = FileField("Pièce, document")
    password = PasswordField("Mot de passe, password")


@dataclass(frozen=True)
class Moment:
    """An entry of the timeline."""

    at: Any


@contextmanager
def serve_components(folder: Path) -> Iterator[Served]:
    """Serve `/components/<audience>/<language>` of an app of its own, whose database is in `folder`."""
    app = make_app(folder)
    _add_page(app)
    with closing(Loopback(app)) as server:
        yield Served(server.url, folder, {}, 0)


def _add_page(app: Flask) -> None:
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(Path(__file__).parent)])  # type: ignore[list-item]

    @app.get("/components/<audience>/<language>")
    @requires(PUBLIC)
    def components(audience: str, language: str) -> str:
        g.language = language
        form = EveryField()
        form.name.errors = form.kind.errors = ["Saisissez votre nom." if language == "fr" else "Enter your name."]
        entries = [Moment(clock.now()), Moment(clock.now() - timedelta(days=3))]
        links = [Link(label, f"#{number}", number == 0) for number, label in enumerate(LINKS[language])]
        return render_template(
            "components.html", audience=audience, language=language, form=form, entries=entries, navigation=links
        )
