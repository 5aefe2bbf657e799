"""How a browser is named on screens and in mails, so that its owner recognises it."""

import re

# The first that fits wins: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


def device_label(user_agent: str) -> str:
    """Return the name of a browser, such as "Firefox, Windows"; empty when its user agent does not tell."""
    shown = user_agent[:500]
    names = [next((name for name, sign in signs if re.search(sign, shown)), "") for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name)
