"""The headers that every answer of the portal carries, to protect people in their browsers."""

from werkzeug.test import TestResponse

TEXTS = {"text/html", "text/plain", "text/csv", "text/css", "text/javascript"}


def answer_faults(answer: TestResponse) -> list[str]:
    """Return what an answer lacks of the headers that all of them carry."""
    headers, faults = answer.headers, []
    policy = [part.strip() for part in headers.get("Content-Security-Policy", "").split(";")]
    if policy[:2] != ["default-src 'none'", "sandbox"]:
        wanted = {"default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"}
        faults += [f"the policy lacks {part}" for part in sorted(wanted - set(policy))]
    faults += [
        f"the policy holds {word}"
        for word in ("unsafe-", "*", "data:", "http:")
        if any(word in part for part in policy)
    ]
    for name, value in {
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }.items():  # fmt: skip
        if headers.get(name) != value:
            faults.append(f"{name} is {headers.get(name)}")
    if answer.mimetype in TEXTS and "charset=utf-8" not in headers.get("Content-Type", ""):
        faults.append(f"no charset: {headers.get('Content-Type')}")
    if any(name.lower().startswith("access-control-") for name in headers.keys()):  # noqa: SIM118
        faults.append("another origin is let in")
    path, kept = answer.request.path, headers.get("Cache-Control", "")
    is_for_all = path.startswith(("/static/", "/feed/v1/openapi.json"))
    # A machine may ask again with the ETag that it has. A proxy may not keep the answer.
    is_asked_again = path.startswith("/feed/v1/preferences/") and kept == "private, max-age=0, must-revalidate"
    if "no-store" not in kept and not is_for_all and not is_asked_again:
        faults.append(f"it may be kept: {kept}")
    return faults
