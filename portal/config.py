"""Settings from the environment: frozen, without any default secret, every fault listed at once."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

AUDIENCES = ("public", "customer", "staff", "feed")
PREFIX = "PORTAL_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SettingsFault(Exception):
    """The settings do not describe a portal that may start. `faults` names each variable and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The settings have faults:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


class Settings(BaseModel):
    """What a process needs to know to run. Built by `from_environment`, never changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: Path
    database_url: str
    database_pool: int = Field(default=20, ge=2)
    database_pool_idle: int = Field(default=4, ge=1)
    storage_url: str
    redis_url: str | None = None
    mail_url: str
    scanner_url: str = "none:"
    secret_key: str = Field(min_length=32, repr=False)
    master_keys: str = Field(min_length=1, repr=False)
    sealing_key: str = Field(min_length=1)
    opening_keys: str | None = Field(default=None, repr=False)
    ledger_url: str
    ledger_key: str = Field(min_length=1, repr=False)
    tombstone_keys: str = Field(min_length=1, repr=False)
    public_url: str
    organisation_file: Path | None = None
    data_map_file: Path | None = None
    breached_passwords_file: Path | None = None
    unproven_mails_an_hour: int = Field(default=1000, ge=1)
    facebook_app_id: str | None = None
    facebook_app_secret: str | None = Field(default=None, repr=False)
    facebook_authorize_url: str | None = None
    facebook_graph_url: str | None = None
    staff_oidc_issuer: str | None = Field(default=None, max_length=255)
    staff_oidc_client_id: str | None = None
    staff_oidc_client_secret: str | None = Field(default=None, repr=False)
    webhook_secrets: str | None = Field(default=None, repr=False)
    stand_in_system: str | None = None
    audiences: tuple[str, ...] = AUDIENCES
    trusted_proxies: tuple[str, ...] = ()

    @field_validator("audiences", "trusted_proxies", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("audiences")
    @classmethod
    def _known_audiences(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(AUDIENCES))
        if unknown or not value:
            raise ValueError(f"name one or more of {', '.join(AUDIENCES)} (found: {', '.join(unknown) or 'nothing'})")
        if ("public" in value) is not ("customer" in value):
            raise ValueError("public and customer go together: people sign in on the one and go on in the other")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ipaddress.ip_network(part, strict=False)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.partition(":")[0].partition("+")[0] not in {"sqlite", "postgresql"}:
            raise ValueError("give a sqlite:/// or postgresql:// address")
        parts = urlsplit(value)
        is_here = parts.hostname in {None, *LOOPBACK}
        if not is_here and "disable" in parse_qs(parts.query).get("sslmode", []):
            raise ValueError("sslmode=disable would send personal data in clear to another machine")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url_is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("give the address people type, such as https://privacy.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("give scheme and host only, without a path")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must be https, except on localhost")
        return value.rstrip("/")

    @field_validator("staff_oidc_issuer")
    @classmethod
    def _issuer_is_safe(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not is_safe or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("give the issuer exactly as the provider publishes it, by https except on localhost")
        return value

    @model_validator(mode="after")
    def _settings_fit_together(self) -> "Settings":
        if self.database_pool_idle > self.database_pool:
            raise ValueError("PORTAL_DATABASE_POOL_IDLE must not be larger than PORTAL_DATABASE_POOL")
        if "staff" in self.audiences and not self.opening_keys:
            raise ValueError("PORTAL_OPENING_KEYS is needed where the staff audience is served")
        if _is_folder_within(self.ledger_url, self.instance):
            raise ValueError(
                "PORTAL_LEDGER_URL lies in the instance folder, whose backup would then hold it: put it elsewhere"
            )
        if bool(self.facebook_app_id) != bool(self.facebook_app_secret):
            raise ValueError("PORTAL_FACEBOOK_APP_ID and PORTAL_FACEBOOK_APP_SECRET go together")
        company = (self.staff_oidc_issuer, self.staff_oidc_client_id, self.staff_oidc_client_secret)
        if any(company) and not all(company):
            raise ValueError("PORTAL_STAFF_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET go together")
        return self

    @property
    def is_https(self) -> bool:
        """Whether people reach the portal by TLS: cookies are then Secure and `__Host-` prefixed."""
        return self.public_url.startswith("https://")

    @property
    def is_demo(self) -> bool:
        """Whether this instance folder holds the demonstration. Every page must then say so."""
        return (self.instance / "demo.json").exists()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings of `PORTAL_*`, `PORTAL_*_FILE` and `$PORTAL_INSTANCE/settings`.

        The environment wins over the file.

        Raises:
            SettingsFault: names every fault at once, and repeats no value, since it may be secret.
        """
        environ = os.environ if environ is None else environ
        instance = Path(environ.get("PORTAL_INSTANCE") or "instance").absolute()
        faults: list[str] = []
        values: dict[str, Any] = {
            "database_url": f"sqlite:///{instance / 'portal.sqlite'}",
            "storage_url": f"file://{instance / 'storage'}",
            "ledger_url": default_ledger_url(instance),
            "mail_url": f"console:{instance / 'mail'}",
        }
        known = set(cls.model_fields) - {"instance"}
        for source in (read_settings_file(instance / "settings"), environ):
            values.update(_read_variables(source, known, faults))
        try:
            settings = cls(instance=instance, **values)
        except ValidationError as error:
            raise SettingsFault(faults + [_fault_text(item) for item in error.errors()]) from None
        if faults:
            raise SettingsFault(faults)
        return settings


def default_ledger_url(instance: Path) -> str:
    """Return the address of the ledger of a trial: a folder beside the instance folder, never inside of it."""
    return f"file://{instance.with_name(instance.name + '-ledger')}"


def _is_folder_within(url: str, folder: Path) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "file" and Path(unquote(parts.path)).is_relative_to(folder)


def read_settings_file(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of an instance's settings file; an absent file is empty."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _read_variables(source: Mapping[str, str], known: set[str], faults: list[str]) -> dict[str, str]:
    values = {}
    for name in known:
        variable = PREFIX + name.upper()
        if source.get(variable):
            values[name] = source[variable]
        elif source.get(variable + "_FILE"):
            try:
                values[name] = Path(source[variable + "_FILE"]).read_text(encoding="utf-8").strip()
            except OSError as error:
                faults.append(f"{variable}_FILE: {error.strerror}")
            except UnicodeDecodeError:
                faults.append(f"{variable}_FILE: it is no text")
    return values


def _fault_text(item: Any) -> str:
    place = PREFIX + str(item["loc"][0]).upper() if item["loc"] else ""
    message = "is missing" if item["type"] == "missing" else str(item["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
