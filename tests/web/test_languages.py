"""The language of a page is the first of the browser's list that the portal speaks, for customers and for staff."""

import pytest
from flask import Flask

from tests.support.acting.browser import Browser


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("fr-FR,en-US;q=0.7,en;q=0.3", "fr"), ("fr-CA", "fr"), ("en-GB,fr;q=0.9", "en"), ("de-DE,en;q=0.5,fr;q=0.2", "en"),
        ("fr;q=0.1,en-US", "en"), ("*", "fr"), ("de,*;q=0.5,en;q=0.1", "fr"), ("en;q=0,fr", "fr"), ("de", "fr"), ("", "fr"),
        ("EN_us", "en"), ("fr;q=0", "fr"), ("x-klingon, en;q=abc", "fr"),
        ("fr;q=0,*", "en"), ("fr-FR;q=0.0, *;q=0.5", "en"), ("en;q=0,*", "fr"), ("fr;q=0,en;q=0,*", "fr"), ("en;q=0.7,*;q=0.8", "fr"), ("fry-NL,en;q=0.2", "en"),
        ("zh-Hant-HK,zh;q=0.9,en;q=0.8,fr;q=0.85", "fr"), ("fr;level=1;q=0.3,en;q=0.5", "en"), ("en;q=0.002,fr;q=0.001", "en"), (";q=1,,en", "en"), ("fr-Latn-FR", "fr"),
        ("fr;q=.5,en;q=.9", "en"), ("fr ; q = 0.3 , en ; q=0.8", "en"), ("fro;q=1,en;q=.5", "en"), ("fr; Q=.2,en", "en"),
    ],
)  # fmt: skip
def test_the_browsers_order_counts(app: Flask, asked: str, language: str) -> None:
    browser = Browser(app, asked)
    for path in ("/", "/sign-in", "/staff/sign-in"):
        assert browser.get(path).tree.html["lang"] == language  # type: ignore[index]
