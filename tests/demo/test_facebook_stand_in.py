"""The stand-in for Facebook: started for the demonstration alone, plain about what it is, and strict as Facebook is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from portal.config import Settings
from portal.demo.facebook import FAULTS, PEOPLE, Application, StandIn
from portal.demo.facebook_serving import stand_in as stand_in_of
from tests.support.servers.facebook import APP_ID, APP_SECRET, Provider

ASKED = {
    "client_id": APP_ID, "redirect_uri": "http://localhost:8000/sign-in/facebook/return", "response_type": "code",
    "scope": "public_profile,email", "state": "s", "code_challenge": "c", "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture
def stand_in() -> Client:
    return Client(StandIn(Application(APP_ID, APP_SECRET, "http://localhost:8000"), PEOPLE))


@pytest.fixture
def provider() -> Iterator[Provider]:
    served = Provider("http://localhost:8000")
    yield served
    served.close()


@pytest.mark.parametrize(("language", "words"), [("fr", "Ce n’est pas Facebook."), ("en", "This is not Facebook.")])
@pytest.mark.parametrize("path", ["/", "/dialog/oauth"])
def test_every_page_says_what_it_is(stand_in: Client, path: str, language: str, words: str) -> None:
    page = stand_in.get(path, query_string=ASKED, headers={"Accept-Language": language})
    assert page.status_code == 200
    assert words in page.text
    assert f'lang="{language}"' in page.text


def test_it_offers_everybody_and_everything_that_can_go_wrong(stand_in: Client) -> None:
    text = stand_in.get("/dialog/oauth", query_string=ASKED).text
    for choice in [*PEOPLE, *FAULTS]:
        assert f"choice={choice}" in text


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://attacker.example/"}, {"client_id": "2"}, {"scope": "public_profile,email,user_friends"},
        {"code_challenge_method": "plain"}, {"code_challenge": ""}, {"state": ""}, {"response_type": "token"},
    ],
)  # fmt: skip
def test_another_application_is_led_nowhere(stand_in: Client, changed: dict[str, str]) -> None:
    answer = stand_in.get("/dialog/oauth", query_string=ASKED | changed | {"choice": "alex"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_words_of_the_caller_cannot_add_markup(stand_in: Client) -> None:
    page = stand_in.get("/dialog/oauth", query_string=ASKED | {"state": '"><script>x</script>'})
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/elsewhere", 404), ("GET", "/call/deletion", 405), ("POST", "/call/deletion", 404)],
)
def test_what_it_does_not_have(stand_in: Client, method: str, path: str, status: int) -> None:
    assert stand_in.open(path, method=method).status_code == status


def test_a_profile_needs_the_proof_of_the_secret(provider: Provider) -> None:
    for query in ("", "?appsecret_proof=" + "0" * 64):
        answer = requests.get(f"{provider.url}/v24.0/me{query}", headers={"Authorization": "Bearer x"}, timeout=60)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "OAuthException"


class TestStart:
    """When it is started; the browser tests look at one that was."""

    @pytest.fixture
    def settings(self, tmp_path: Path, settings: Settings) -> Settings:
        (tmp_path / "demo.json").write_text("{}", "utf-8")
        return settings.model_copy(update={"instance": tmp_path})

    def test_never_beside_an_application_at_facebook(self, settings: Settings) -> None:
        given = {"facebook_app_id": APP_ID, "facebook_app_secret": APP_SECRET}
        self._stays_away(settings.model_copy(update=given))

    def test_never_for_people_who_are_not_invented(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "demo.json").unlink()
        self._stays_away(settings)

    def test_never_behind_a_public_address(self, settings: Settings) -> None:
        self._stays_away(settings.model_copy(update={"public_url": "https://privacy.example.org"}))

    def _stays_away(self, settings: Settings) -> None:
        assert stand_in_of(settings) is None
