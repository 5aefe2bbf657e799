"""Compose the portal: read `create_app` as a table of contents."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Request
from flask_login import LoginManager, UserMixin

from portal.access import shut
from portal.access.declare import check_declarations, guard, to_sign_in
from portal.accounts.sessions.account_sessions import load_account
from portal.config import Settings, SettingsFault
from portal.infrastructure import installed
from portal.infrastructure.connections.pool import engine_options
from portal.infrastructure.database import db, migrate
from portal.infrastructure.installed import Installed
from portal.infrastructure.jobs.standstill import work_only_while
from portal.infrastructure.jobs.worker import connect_engine, job_engine
from portal.infrastructure.ledger import ledger_from_url
from portal.infrastructure.mail.transport import transport_from_url
from portal.infrastructure.passwords.breached import BreachedPasswords, NotAHashList
from portal.infrastructure.private_files import keep_private
from portal.infrastructure.scanner import scanner_from_url
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.sealing.keys import KeysMisconfigured, MasterKeys, OpeningKeys, SealingKey
from portal.infrastructure.storage import storage_from_url
from portal.instructions.sending.signing import read_secrets
from portal.instructions.sending.stand_in import with_stand_in
from portal.organisation import Organisation
from portal.personal_data.agreements import known_choices
from portal.personal_data.ledger.doors import Doors, doors
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.queries import held_statements
from portal.site.probes import Readiness, answer_probes, readiness
from portal.staff.company.provider import CompanyProvider, installed_provider
from portal.staff.entry.sessions import load_staff_member
from portal.web import errors, filters, headers, i18n, navigation
from portal.web.audiences import Audience, current_audience
from portal.web.forms import csrf
from portal.web.incoming import address_parts, rate_limits, readable_requests, request_limits, request_log
from portal.web.incoming.proxies import trust_proxies
from portal.web.incoming.request_limits import LARGEST_BODY
from portal.web.incoming.uploads import MemoryRequest
from portal.web.outgoing import compression, static_files, unbroken_words
from portal.web.outgoing.brand import check_brand, declared_colours
from portal.web.sessions import FormSession, SessionOver, write_session_cookie
from portal.web.setbacks import second_try
from portal.web.typed_forms import resuming, session_ends, stale

ROOT = Path(__file__).parent.parent

# What every answer passes; of what comes after a view, the last named runs first.
WEB = (
    request_log,
    static_files,
    compression,
    unbroken_words,
    headers,
    errors,
    i18n,
    filters,
    navigation,
    session_ends,
    stale,
)

# A domain's views, by audience. A process that does not serve an audience does not even import them.
VIEWS = {
    Audience.PUBLIC: [
        "site",
        "accounts",
        "cookies",
        "preferences",
        "instructions",
        "rights.facebook",
        "rights.erasing",
    ],
    Audience.CUSTOMER: ["accounts", "lookups", "records", "preferences", "identity_checks", "exports", "rights"],
    Audience.STAFF: [
        "staff",
        "lookups",
        "lookups.archive",
        "lookups.watching",
        "preferences",
        "preferences.missing_consent",
        "identity_checks",
        "retention",
        "retention.holds",
        "instructions.working",
        "rights",
    ],
    Audience.FEED: ["preferences.feed", "records.imports", "instructions"],
}
PREFIXES = {Audience.STAFF: "/staff"}

# What registers itself when imported: jobs, holdings, listeners.
REGISTERED = [
    "portal.infrastructure.database_errors",
    "portal.infrastructure.mail.outbox",
    "portal.web.typed_forms.keeping",
    "portal.accounts.personal_data",
    "portal.accounts.sessions.after_restore",
    "portal.accounts.claims",
    "portal.accounts.tasks",
    "portal.accounts.leaving.unused",
    "portal.accounts.wrapped_keys",
    "portal.lookups.personal_data",
    "portal.lookups.watching.alerts",
    "portal.staff.ends",
    "portal.staff.members.after_restore",
    "portal.staff.approvals.proposing",
    "portal.staff.approvals.listing",
    "portal.staff.approvals.forgetting",
    "portal.staff.desk.notices",
    "portal.staff.members.proposals",
    "portal.staff.members.tokens",
    "portal.records.personal_data",
    "portal.records.days.renewing",
    "portal.records.erasing.parts",
    "portal.records.erasing.leaves",
    "portal.preferences.personal_data",
    "portal.identity_checks.personal_data",
    "portal.exports.personal_data",
    "portal.rights.personal_data",
    "portal.letters.personal_data",
    "portal.instructions.personal_data",
    "portal.instructions.sending.delivery",
    "portal.instructions.sending.reminders",
    "portal.letters.dispatching",
    "portal.personal_data.customer_file",
    "portal.personal_data.corrections.own_file",
    "portal.personal_data.ledger.ends",
    "portal.personal_data.ledger.shipping",
    "portal.personal_data.ledger.keys_in_use",
    "portal.personal_data.stops.after_restore",
    "portal.preferences.choices.states",
    "portal.preferences.choices.stopping",
    "portal.preferences.choices.imported",
    "portal.preferences.choices.restricting",
    "portal.personal_data.restrictions.checking",
    "portal.preferences.tasks",
    "portal.preferences.missing_consent.looking",
    "portal.preferences.base_exports",
    "portal.preferences.choices.unsubscribing",
    "portal.identity_checks.tasks",
    "portal.identity_checks.documents.reconciliation",
    "portal.exports.tasks",
    "portal.exports.owed",
    "portal.exports.wrapped_keys",
    "portal.staff.wrapped_keys",
    "portal.lookups.recent_accesses",
    "portal.rights.carrying_out.answering",
    "portal.rights.carrying_out.copies",
    "portal.rights.items.upgrading",
    "portal.rights.restricting.lifting",
    "portal.rights.carrying_out.erasure",
    "portal.rights.carrying_out.telling",
    "portal.rights.carrying_out.deferred",
    "portal.rights.carrying_out.held_back",
    "portal.rights.erasing.halted",
    "portal.rights.carrying_out.after_restore",
    "portal.rights.correcting.after_restore",
    "portal.rights.identity.errands",
    "portal.rights.identity.reasons",
    "portal.rights.following.notices",
    "portal.rights.queue.listing",
    "portal.personal_data.erasure.steps",
    "portal.personal_data.erasing",
    "portal.personal_data.erased_again",
    "portal.preferences.choices.after_restore",  # after it: the erasure is locked before the row of the feed
    "portal.accounts.leaving.erasing",
    "portal.letters.erasing",
    "portal.lookups.erasing",
    "portal.identity_checks.erasing",
    "portal.preferences.erasing",
    "portal.rights.carrying_out.erasing",
    "portal.retention.clock_guard",
    "portal.retention.holds.lifting",
    "portal.retention.ends",
    "portal.retention.erasing_now",
]


def create_app(settings: Settings) -> Flask:
    """Return the WSGI application that the settings describe.

    Raises:
        UndeclaredAccess: a view does not say who may call it.
        SettingsFault: the keys or the list of breached passwords cannot be used.
        BrandFaults, DataMapFaults, OrganisationFaults: a file of the operator's has faults, all of them listed.
        ValueError: an address in the settings (storage, ledger, mail, scanner) is of no known form.
    """
    app = Flask("portal", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=400,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        SERVER_NAME=None,
    )
    app.request_class = MemoryRequest
    # Not optimised: a filter on a constant would be worked out once, in the language of whoever came first.
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "optimized": False}
    for module in REGISTERED:
        import_module(module)
    _connect_seams(app, settings)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    _set_up_web(app, settings)
    for audience in settings.audiences:
        app.register_blueprint(_audience_blueprint(Audience(audience)))
    check_declarations(app)
    doors.put(app, Doors(app))
    work_only_while(lambda: doors().are_open())
    readiness.put(app, Readiness(app))
    inner = trust_proxies(app.wsgi_app, settings.trusted_proxies)
    app.wsgi_app = answer_probes(inner, readiness.of(app))  # type: ignore[assignment, method-assign]
    return app


def _connect_seams(app: Flask, settings: Settings) -> None:
    """Install what the settings name: keys, declared files, storage, ledger, mail, scanner, jobs."""
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    keep_private(settings.instance)
    installed.settings.put(app, settings)
    _install_secrets(app, settings)
    organisation = with_stand_in(Organisation.load(settings.organisation_file), settings)
    installed.organisation.put(app, organisation)
    recipients = {recipient.code for recipient in organisation.recipients}
    data_map = DataMap.load(settings.data_map_file, recipients=recipients, choices=known_choices())
    installed_data_map.put(app, data_map)
    held_statements.put(app, {})
    installed.storage.put(app, storage_from_url(settings.storage_url))
    installed.ledger.put(app, ledger_from_url(settings.ledger_url, installed.ledger_key.of(app)))
    installed.mail_transport.put(app, transport_from_url(settings.mail_url))
    installed.scanner.put(app, scanner_from_url(settings.scanner_url))
    job_engine.put(app, connect_engine(app, settings.redis_url, settings.instance))
    installed_provider.put(app, CompanyProvider(settings) if settings.staff_oidc_issuer else None)


def _install_secrets(app: Flask, settings: Settings) -> None:
    readers: list[tuple[Installed[Any], str, Callable[[Any], Any]]] = [
        (installed.master_keys, "master_keys", MasterKeys.parse),
        (installed.sealing_key, "sealing_key", SealingKey.parse),
        (installed.tombstone_keys, "tombstone_keys", HashingKeys.parse),
        (installed.ledger_key, "ledger_key", HashingKeys.parse),
        (installed.opening_keys, "opening_keys", lambda keys: OpeningKeys.parse(keys) if keys else None),
        (installed.breached_passwords, "breached_passwords_file", BreachedPasswords.load),
    ]
    faults: list[str] = []
    for place, name, read in readers:
        try:
            place.put(app, read(getattr(settings, name)))
        except KeysMisconfigured as fault:
            faults += [f"PORTAL_{name.upper()}: {each}" for each in fault.faults]
        except NotAHashList as fault:
            faults.append(f"PORTAL_{name.upper()}: {fault}")
    try:
        read_secrets(settings.webhook_secrets)
    except ValueError as fault:
        faults.append(f"PORTAL_WEBHOOK_SECRETS: {fault}")
    if faults:
        raise SettingsFault(faults)


def _set_up_web(app: Flask, settings: Settings) -> None:
    check_brand(ROOT / "static/css")
    # Mails cannot load the stylesheet, and are in the company's colours all the same.
    app.jinja_env.globals["brand"] = declared_colours((ROOT / "static/css/brand.css").read_text("utf-8"), ":root")
    request_limits.register(app)
    readable_requests.register(app)
    address_parts.register(app)
    app.session_interface = FormSession()
    login = LoginManager(app)
    login.session_protection = None  # sessions are rows of ours; the library only asks for the current person
    login.request_loader(_load_person)
    for part in WEB:
        part.register(app)
    rate_limits.register(app, settings.redis_url)
    second_try.register(app)
    shut.register(app, lambda: doors().are_open())
    csrf.init_app(app)
    app.before_request(resuming.find_form)
    app.before_request(guard)
    app.before_request(resuming.show_again)
    app.register_error_handler(SessionOver, to_sign_in)
    app.after_request(write_session_cookie)


def _load_person(request: Request) -> UserMixin | None:
    audience = current_audience()
    if audience is Audience.FEED:
        return None
    return load_staff_member(request) if audience is Audience.STAFF else load_account(request)


def _audience_blueprint(audience: Audience) -> Blueprint:
    parent = Blueprint(audience, __name__, url_prefix=PREFIXES.get(audience))
    for domain in VIEWS[audience]:
        child = import_module(f"portal.{domain}.{audience}_views").blueprint
        parent.register_blueprint(child)
        if audience is Audience.FEED:
            csrf.exempt(child)  # a bearer token is not sent by a browser on its own
    return parent
