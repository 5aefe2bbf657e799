"""Facebook in the demonstration, in Chromium: to the stand-in and back, past a policy that lets no form leave."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.acting.visitor import Visitor


def test_a_newcomer_comes_in_and_facebook_asks_for_the_erasure(visit: Callable[..., Visitor]) -> None:
    page = visit(language="fr").open("/sign-in")
    page.get_by_role("button", name="Continuer avec Facebook").click()
    page.get_by_role("link", name="Aller sur Facebook").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Faux Facebook de la démonstration")
    expect(page.get_by_text("Ce n’est pas Facebook.")).to_be_visible()
    settings = page.get_by_role("link", name="Réglages").evaluate("link => link.href")
    page.get_by_role("link", name="Annuler").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous avez annulé sur Facebook")
    page.get_by_role("link", name="Réessayer").click()
    page.get_by_role("button", name="Continuer", exact=True).click()
    page.get_by_role("link", name="Aller sur Facebook").click()
    page.get_by_role("link", name="Alex Morin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre messagerie")

    page.goto(settings)
    page.get_by_role("button", name="Demander l’effacement").first.click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Le portail a répondu (200)")
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Effacement demandé sur Facebook")
    expect(page.get_by_role("heading", name="Aucune demande sous ce code")).to_be_visible()
