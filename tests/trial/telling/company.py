"""A company whose systems are told in each of the three ways: by mail, by a signed call, from the list."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.acting.systems import SECRET, FakeSystem
from tests.support.servers.loopback import Loopback
from tests.trial.installation import ROOT

BY_MAIL, BY_CALL = "platform", "billing"
MAILED_TO = "platform@example.org"


@contextmanager
def company_with_systems(called: FakeSystem) -> Iterator[dict[str, str]]:
    """Write an organisation file of which one system is told by mail and one by a call; yield the settings for it."""
    server = Loopback(called)
    port = server.url.rpartition(":")[2]
    text = (ROOT / "portal/default_organisation.toml").read_text("utf-8")
    text = _telling(text, BY_MAIL, f'told = "mail"\nemail = "{MAILED_TO}"')
    text = _telling(text, BY_CALL, f'told = "webhook"\nurl = "{server.url}/hooks"')
    text += f'\n[[webhooks.allowed]]\nhost = "127.0.0.1"\nport = {port}\nnetwork = "127.0.0.1/32"\n'
    with TemporaryDirectory(prefix="portal-company-") as folder:
        file = Path(folder) / "organisation.toml"
        file.write_text(text, "utf-8")
        try:
            yield {"PORTAL_ORGANISATION_FILE": str(file), "PORTAL_WEBHOOK_SECRETS": f"{BY_CALL}={SECRET}"}
        finally:
            server.close()


def _telling(text: str, code: str, told: str) -> str:
    before, found, rest = text.partition(f'[[systems]]\ncode = "{code}"')
    own, by_list, after = rest.partition('told = "list"')
    assert found and by_list, f"the organisation file has no system {code}"
    return before + found + own + told + after
