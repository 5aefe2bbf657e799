"""Compose the portal: read `create_app` as a table of contents."""

from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Request
from flask_login import LoginManager, UserMixin
from flask_wtf import CSRFProtect

from portal.access.declare import check_declarations, guard, to_sign_in
from portal.access.tokens import find_api_token
from portal.accounts.sessions import load_account
from portal.config import Settings, SettingsFault
from portal.infrastructure.breached_passwords import BreachedPasswords
from portal.infrastructure.database import db, migrate
from portal.infrastructure.jobs.worker import connect_engine
from portal.infrastructure.keys import KeysMisconfigured, MasterKeys, OpeningKeys, SealingKey
from portal.infrastructure.mail.transport import transport_from_url
from portal.infrastructure.scanner import scanner_from_url
from portal.infrastructure.storage import storage_from_url
from portal.organisation import Organisation
from portal.records.kinds import DataMap
from portal.staff.company_provider import CompanyProvider
from portal.staff.sessions import load_staff_member
from portal.web import (
    address_parts,
    errors,
    filters,
    headers,
    i18n,
    navigation,
    rate_limits,
    readable_requests,
    request_limits,
    request_log,
    static_files,
)
from portal.web.audiences import Audience, current_audience
from portal.web.proxies import trust_proxies
from portal.web.sessions import FormSession, SessionOver, write_session_cookie
from portal.web.uploads import MemoryRequest

ROOT = Path(__file__).parent.parent
LARGEST_BODY = 25 * 1024 * 1024
# A request may count its tries beside its own transaction: two connections for each thread of a web process at most,
# of which a portal at rest keeps a few.
POOL = {"pool_size": 8, "max_overflow": 56}

# A domain's views, by audience. A process that does not serve an audience does not even import them.
VIEWS = {
    Audience.PUBLIC: ["site", "accounts", "cookies", "preferences", "rights"],
    Audience.CUSTOMER: ["accounts", "staff", "records", "preferences", "identity_checks", "exports", "rights"],
    Audience.STAFF: ["staff", "preferences", "identity_checks", "rights"],
    Audience.FEED: ["preferences", "records"],
}
PREFIXES = {Audience.STAFF: "/staff"}

# What registers itself when imported: jobs, holdings, listeners.
REGISTERED = [
    "portal.infrastructure.mail.outbox",
    "portal.accounts.personal_data",
    "portal.accounts.claims",
    "portal.accounts.tasks",
    "portal.accounts.wrapped_keys",
    "portal.staff.personal_data",
    "portal.records.personal_data",
    "portal.preferences.personal_data",
    "portal.identity_checks.personal_data",
    "portal.exports.personal_data",
    "portal.rights.personal_data",
    "portal.customers.personal_data",
    "portal.preferences.states",
    "portal.preferences.imported_choices",
    "portal.preferences.tasks",
    "portal.preferences.unsubscribing",
    "portal.identity_checks.tasks",
    "portal.identity_checks.reconciliation",
    "portal.exports.tasks",
    "portal.exports.wrapped_keys",
    "portal.staff.wrapped_keys",
    "portal.staff.recent_accesses",
    "portal.rights.fulfilment",
    "portal.rights.identity_errands",
    "portal.rights.notices",
    "portal.rights.queue",
    "portal.rights.tasks",
    "portal.rights.file_retention",
    "portal.retention.tasks",
]


def create_app(settings: Settings) -> Flask:
    """Return the WSGI application that the settings describe.

    Raises:
        UndeclaredAccess: when a view does not say who may call it.
        DataMapFaults, OrganisationFaults: when a file of the operator's has faults, all of them listed.
    """
    app = Flask("portal", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=POOL,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=400,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        SERVER_NAME=None,
    )
    app.request_class = MemoryRequest
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    _connect_seams(app, settings)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    _set_up_web(app, settings)
    for module in REGISTERED:
        import_module(module)
    for audience in settings.audiences:
        app.register_blueprint(_audience_blueprint(Audience(audience), csrf=app.extensions["csrf"]))
    check_declarations(app)
    app.wsgi_app = trust_proxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _keys(settings: Settings) -> dict[str, Any]:
    """Return the keys that the settings name. Raises `SettingsFault` for those that cannot be used."""
    readers = {"master_keys": MasterKeys.parse, "sealing_key": SealingKey.parse, "opening_keys": OpeningKeys.parse}
    keys: dict[str, Any] = {}
    faults: list[str] = []
    for name, read in readers.items():
        text = getattr(settings, name)
        try:
            keys[name] = read(text) if text else None
        except KeysMisconfigured as fault:
            faults += [f"PORTAL_{name.upper()}: {each}" for each in fault.faults]
    if faults:
        raise SettingsFault(faults)
    return keys


def _connect_seams(app: Flask, settings: Settings) -> None:
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    organisation = Organisation.load(settings.organisation_file)
    recipients = {recipient.code for recipient in organisation.recipients}
    app.extensions |= {
        "settings": settings,
        "organisation": organisation,
        "data_map": DataMap.load(settings.data_map_file, recipients=recipients),
        "breached_passwords": BreachedPasswords(settings.breached_passwords_file),
        "storage": storage_from_url(settings.storage_url),
        "mail_transport": transport_from_url(settings.mail_url),
        "scanner": scanner_from_url(settings.scanner_url),
        **_keys(settings),
        "job_engine": connect_engine(app, settings.redis_url, settings.instance),
        "company_provider": CompanyProvider(settings) if settings.staff_oidc_issuer else None,
        "find_api_token": find_api_token,
    }


def _set_up_web(app: Flask, settings: Settings) -> None:
    request_limits.register(app)
    readable_requests.register(app)
    address_parts.register(app)
    app.session_interface = FormSession()
    app.extensions["csrf"] = CSRFProtect(app)
    login = LoginManager(app)
    login.session_protection = None  # sessions are rows of ours; the library only asks for the current person
    login.request_loader(_load_person)
    for part in (request_log, static_files, headers, errors, i18n, filters, navigation):
        part.register(app)
    rate_limits.register(app, settings.redis_url)
    app.before_request(guard)
    app.register_error_handler(SessionOver, to_sign_in)
    app.after_request(write_session_cookie)


def _load_person(request: Request) -> UserMixin | None:
    audience = current_audience()
    if audience is Audience.FEED:
        return None
    return load_staff_member(request) if audience is Audience.STAFF else load_account(request)


def _audience_blueprint(audience: Audience, csrf: CSRFProtect) -> Blueprint:
    parent = Blueprint(audience, __name__, url_prefix=PREFIXES.get(audience))
    for domain in VIEWS[audience]:
        child = import_module(f"portal.{domain}.{audience}_views").blueprint
        parent.register_blueprint(child)
        if audience is Audience.FEED:
            csrf.exempt(child)  # a bearer token is not sent by a browser on its own
    return parent
