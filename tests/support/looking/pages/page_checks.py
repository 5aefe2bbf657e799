"""The rules of every page, checked in Chromium: those of axe, and some that axe does not check."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page, expect

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.pictures import keep_pictures

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "([place, options]) => axe.run(place, options).then(found => found.violations)"

# Of a list, the first items are enough: the others have the same colours.
_ONE_OF_A_KIND = {
    "include": ["html"],
    "exclude": [".records > li:nth-child(n+6)", ".choice-card:nth-child(n+3)", "tr:nth-child(n+6)"],
}

# What axe lets pass and people stumble over: text that is too small, error texts that belong to no field.
_OWN = """() => {
  const faults = [];
  const small = [...document.querySelectorAll("body *")].filter(item =>
    [...item.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    && item.checkVisibility({visibilityProperty: true}) && parseFloat(getComputedStyle(item).fontSize) < 13);
  if (small.length) faults.push("small text: " + small[0].outerHTML.slice(0, 120));
  for (const item of document.querySelectorAll("[aria-describedby], [aria-labelledby]"))
    for (const id of [item.getAttribute("aria-describedby"), item.getAttribute("aria-labelledby")].join(" ").split(" "))
      if (id && !document.getElementById(id)) faults.push("no element has the id " + id);
  for (const link of document.querySelectorAll(".error-summary a"))
    if (!document.querySelector(link.hash)) faults.push("an error leads nowhere: " + link.hash);
  return faults;
}"""

_OVERFLOW = """() => {
  const root = document.documentElement, extra = root.scrollWidth - root.clientWidth;
  if (extra <= 0) return null;
  const wide = [...document.querySelectorAll("body *")].filter(item => item.getBoundingClientRect().right > root.clientWidth + 1);
  return extra + " px, by " + wide.slice(-3).map(item => item.outerHTML.slice(0, 100)).join(" | ");
}"""


# “e-mail” over two lines, in what is read.
_BROKEN = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  for (let node = words.nextNode(); node; node = words.nextNode())
    for (const found of node.data.matchAll(/\\be-\\u2060?mails?\\b(?![@\\w-])/gi)) {
      range.setStart(node, found.index); range.setEnd(node, found.index + found[0].length);
      if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) return node.data.trim().slice(0, 80);
    }
  return null;
}"""


def faults_of(
    page: Page, *, widths: Iterable[int] = (1280, 320), is_brief: bool = False, with_axe: bool = True
) -> list[str]:
    """Return what axe finds in light and dark colours, what `_OWN` finds, and sideways scroll at each width.

    Args:
        is_brief: leave out the contrasts, for a page whose colours another test looks at.
        with_axe: False leaves axe out, on a page without scripts where it waits for a timer that never comes.
    """
    width = (page.viewport_size or {"width": 1280})["width"]
    faults = _found_by_axe(page, is_brief=is_brief) if with_axe else []
    faults += page.evaluate(_OWN)
    for narrow in widths:
        page.set_viewport_size({"width": narrow, "height": 900})
        if extra := page.evaluate(_OVERFLOW):
            faults.append(f"scrolls sideways at {narrow}: {extra}")
        if words := page.evaluate(_BROKEN):
            faults.append(f"breaks “e-mail” at {narrow}: {words}")
    keep_pictures(page)
    page.set_viewport_size({"width": width, "height": 900})
    place = page.url.split("/", 3)[-1]
    return [f"/{place}: {fault}" for fault in faults]


def _found_by_axe(page: Page, *, is_brief: bool) -> list[str]:
    page.evaluate(_AXE)
    options: dict[str, Any] = {
        "runOnly": _STANDARDS,
        "resultTypes": ["violations"],
        "rules": {"color-contrast": {"enabled": False}},
    }
    faults = [_words(item) for item in page.evaluate(_RUN, ["html", options])]
    for scheme in [] if is_brief else ["dark", "light"]:
        page.emulate_media(color_scheme=scheme)
        contrast = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
        faults += [f"{scheme} {_words(item)}" for item in page.evaluate(_RUN, [_ONE_OF_A_KIND, contrast])]
    return faults


def _words(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    return f"{violation['id']} ({len(nodes)}): {nodes[0]['html'][:200]} {nodes[0].get('failureSummary', '')[:200]}"


def check_page(page: Page, **options: Any) -> None:
    """Assert that a page shows no fault; see `faults_of` for the options."""
    faults = faults_of(page, **options)
    assert not faults, "\n".join(faults)


def tour(visitor: Visitor, paths: Iterable[str], **options: Any) -> None:
    """Open one page after another and report the faults of all."""
    faults: list[str] = []
    for path in paths:
        visitor.open(path)
        faults += faults_of(visitor.page, **options)
    assert not faults, "\n".join(faults)


def links(page: Page, selector: str) -> list[str]:
    """Return the addresses of the links that a selector finds."""
    return [str(link.get_attribute("href")) for link in page.locator(selector).all()]


def refuse(visitor: Visitor, form: str = "main form[method=post][novalidate]", **values: str) -> None:
    """Send a form that must be refused: the title says so, the focus is on the summary, a link leads to its field."""
    page = visitor.send(values, form)
    expect(page.locator(".error-summary")).to_be_focused()
    place = page.url
    assert page.title().startswith(visitor.says("Erreur\u00a0:", "Error:")), f"{place}: {page.title()}"
    check_page(page, is_brief=True)
    page.locator(".error-summary a").first.click()
    expect(page.locator(":is(input, select, textarea):focus"), f"{place}: the link leads to a field").to_have_count(1)
