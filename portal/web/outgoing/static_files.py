"""Addresses of static files that change with their content, so that browsers may keep them for ever."""

import hashlib
from pathlib import Path

from flask import Flask, url_for


def register(app: Flask) -> None:
    """Offer `static_url(path)` to templates."""
    folder = Path(app.static_folder or "")
    hashes: dict[str, str] = {}

    def static_url(path: str) -> str:
        if path not in hashes or app.debug:
            hashes[path] = hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]
        return url_for("static", filename=path, v=hashes[path])

    app.add_template_global(static_url, "static_url")
