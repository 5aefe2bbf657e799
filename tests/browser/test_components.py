"""Every part that pages are made of, in each of its states, for customers and for staff, in both languages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.acting.chromium import visitors_of
from tests.support.acting.visitor import Profiles, Visitor
from tests.support.looking.pages.component_page import serve_components
from tests.support.looking.pages.page_checks import check_page
from tests.support.servers.served import Served

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_components(tmp_path_factory.mktemp("components")) as served:
        yield served


@pytest.fixture
def look(parts: Served, profiles: Profiles) -> Iterator[Any]:
    with visitors_of(parts, profiles) as make:
        yield make


@pytest.mark.parametrize(("audience", "language", "width"), [("customer", "fr", 390), ("staff", "en", 1280)])
def test_nothing_is_found_on_the_page_of_parts(look: Visit, audience: str, language: str, width: int) -> None:
    visitor = look(width=width, language=language)
    check_page(visitor.open(f"/components/{audience}/{language}"), widths=(1280, 390, 320))


def test_the_save_bar_counts_what_is_not_saved_without_a_script(look: Visit) -> None:
    page = look(language="en", script=False).open("/components/customer/en")
    bar, news = page.locator(".save-bar p"), page.locator(".answer").first
    expect(bar).to_have_text("No change", use_inner_text=True)
    page.locator("#news-refuse").click()
    page.locator("#offers").click()
    expect(bar).to_have_text("Changes to save:", use_inner_text=True)
    assert bar.locator("strong").evaluate("item => getComputedStyle(item, '::after').content") == "counter(changes)"
    expect(news.locator(".state")).to_have_text("To be saved", use_inner_text=True)
    page.locator(".save-bar [type=reset]").click()
    expect(bar).to_have_text("No change", use_inner_text=True)
    expect(news.locator(".state")).to_have_text("Accepted on 4 April", use_inner_text=True)


def test_the_menu_opens_and_closes_without_a_script(look: Visit) -> None:
    page = look(width=390, script=False).open("/components/customer/fr")
    button, link = page.get_by_role("button", name="Menu"), page.get_by_role("link", name="Préférences")
    expect(link).to_be_hidden()
    button.click()
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("button", name="Fermer").click()
    expect(link).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(button).to_be_hidden()
    expect(link).to_be_visible()


def test_paper_shows_closed_tables_and_leaves_the_tools_out(look: Visit) -> None:
    page = look().open("/components/customer/fr")
    page.emulate_media(media="print")
    expect(page.locator(".chart td").first).to_be_visible()
    for tool in (".nav", ".save-bar", ".button >> nth=0", ".pager"):
        expect(page.locator(tool).first).to_be_hidden()
    for words in (".hero .date", ".pair :checked + label", "header.site", ".chips [aria-current]"):
        colour = page.locator(words).first.evaluate("item => getComputedStyle(item).color")
        assert colour == "rgb(0, 0, 0)", f"{words}: printers leave grounds out"
    page.emulate_media(media="screen")
