"""What a keyboard stops at, and how each stop shows that it holds the focus (WCAG 2.4.7, 2.4.11)."""

from playwright.sync_api import Page

# What holds the focus, and what is wrong with how it shows: no ring, out of sight, or covered by something else.
_STOP = """() => {
  const item = document.activeElement;
  if (item === document.body) return null;
  const style = getComputedStyle(item), box = item.getBoundingClientRect(), faults = [];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push("no ring");
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) faults.push("out of sight");
  else {
    const edge = rect => [Math.max(rect.left, 0) + Math.min(rect.width, 8) / 2, Math.min(Math.max(rect.top + Math.min(rect.height, 24) / 2, 1), innerHeight - 1)];
    const over = document.elementFromPoint(...edge(item.getClientRects()[0]));
    if (over && !item.contains(over) && !over.contains(item) && ![...(item.labels ?? [])].includes(over)) faults.push("covered by " + over.outerHTML.slice(0, 80));
  }
  item.dataset.stop ??= document.querySelectorAll("[data-stop]").length;
  return [item.dataset.stop, faults.length ? item.outerHTML.slice(0, 120) + ": " + faults.join(", ") : ""];
}"""


def stops(page: Page, most: int = 150) -> tuple[int, list[str]]:
    """Press Tab until the focus comes round, `most` times at most; return how many stops there were, and their faults."""
    seen, faults = set[str](), list[str]()
    for _stop in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None or stop[0] in seen:
            break
        seen.add(stop[0])
        faults += [stop[1]] if stop[1] else []
    return len(seen), faults
