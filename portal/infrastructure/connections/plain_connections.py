"""Find the connections of the settings that leave this machine without TLS, so that others could read along."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from portal.config import LOOPBACK, Settings

# With any other value, libpq goes on in clear when the server, or somebody in between, says that it has no TLS.
_CHECKED_BY_POSTGRESQL = frozenset({"require", "verify-ca", "verify-full"})


@dataclass(frozen=True)
class PlainConnection:
    """A connection to another machine in clear.

    Attributes:
        variable: the setting that names it.
        host: of the other machine.
        is_readable: whether personal data go through it unsealed.
        cure: what to set instead.
    """

    variable: str
    host: str
    is_readable: bool
    cure: str


def plain_connections(settings: Settings) -> Iterator[PlainConnection]:
    """Yield the connections to other machines that the settings leave without TLS."""
    database, mail = urlsplit(settings.database_url), urlsplit(settings.mail_url)
    if _leaves(database) and _option(database, "sslmode") not in _CHECKED_BY_POSTGRESQL:
        yield _plain("PORTAL_DATABASE_URL", database, "add sslmode=verify-full", is_readable=True)
    if mail.scheme == "smtp" and _leaves(mail) and _option(mail, "starttls") != "1":
        yield _plain("PORTAL_MAIL_URL", mail, "use smtps:// or starttls=1", is_readable=True)
    scanner = urlsplit(settings.scanner_url)
    if _leaves(scanner):
        yield _plain("PORTAL_SCANNER_URL", scanner, "use clamd:///path/of/a/socket, or a tunnel", is_readable=True)
    bucket = urlsplit(_option(urlsplit(settings.storage_url), "endpoint"))
    if bucket.scheme == "http" and _leaves(bucket):
        yield _plain("PORTAL_STORAGE_URL", bucket, "use an https endpoint", is_readable=False)
    redis = urlsplit(settings.redis_url or "")
    if redis.scheme == "redis" and _leaves(redis):
        yield _plain("PORTAL_REDIS_URL", redis, "use rediss://", is_readable=False)


def _leaves(url: SplitResult) -> bool:
    return url.hostname is not None and url.hostname not in LOOPBACK


def _option(url: SplitResult, name: str) -> str:
    return parse_qs(url.query).get(name, [""])[-1]


def _plain(variable: str, url: SplitResult, cure: str, *, is_readable: bool) -> PlainConnection:
    return PlainConnection(variable, url.hostname or "", is_readable, cure)
