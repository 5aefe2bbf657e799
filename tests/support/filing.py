"""Steps that tests of requests and documents share: trusted devices, requests filed, documents sent."""

from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Account, AccountDevice
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser, Page
from tests.support.documents import specimens

CAMILLE = "camille@example.org"
OF = "C-camille"
WORDS = "Tout ce qui touche à mes factures de 2024."


def trust_device(email: str = "camille@example.org") -> None:
    """Make the devices of an account known for a year, so that they raise no doubt."""
    account = db.session.execute(select(Account).where(Account.email == email)).scalar_one()
    account_id, since = account.id, clock.now() - timedelta(days=365)
    with transaction() as session:
        is_theirs = AccountDevice.account_id == account_id
        session.execute(update(AccountDevice).where(is_theirs).values(first_seen_at=since))


def describe_copy(browser: Browser, **values: object) -> Page:
    """Fill the first page of a request for a copy and go on."""
    page = browser.get("/requests/new/access")
    return page.submit({"details": WORDS} | values, with_field="details")


def file_copy(browser: Browser) -> Page:
    """File a request for a copy that raises no doubt, and return the page of the request."""
    return describe_copy(browser).submit(action="/send")


def file_with_document_later(browser: Browser) -> Page:
    """File a request for a copy from a new device, and put the document off until later."""
    return describe_copy(browser).submit(action="/later").submit(action="/send")


def send_sides(shown: Page, /, **sides: bytes) -> Page:
    """Send files through the form of a document's page: front=…, back=…, page=…."""
    values = {name: (content, f"{name}.jpg", "image/jpeg") for name, content in sides.items()}
    return shown.submit(dict(values), with_field=next(iter(sides)))


def post_files(shown: Page, /, **sides: bytes) -> Page:
    """Send files as one body made here, because the test client itself would write a large file to the disk."""
    form = shown.form(with_field=next(iter(sides)))
    token = str(form.find(attrs={"name": "csrf_token"})["value"])
    parts = [b'Content-Disposition: form-data; name="csrf_token"\r\n\r\n' + token.encode()]
    for name, content in sides.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}.jpg"\r\n'
        parts.append(head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + content)
    body = b"".join(b"--border\r\n" + part + b"\r\n" for part in parts) + b"--border--\r\n"
    answer = shown.browser.client.post(
        str(form["action"]),
        data=body,
        content_type="multipart/form-data; boundary=border",
        headers=shown.browser.headers,
        follow_redirects=True,
    )
    return Page(shown.browser, answer)


def send_card(page: Page) -> Page:
    """Choose an identity card on the identity page and send both sides."""
    page = page.submit({"paper": "identity_card"}, with_field="paper")
    return send_sides(page, front=specimens.front(), back=specimens.back())


def only_request() -> RightsRequest:
    """Return the one request of the database, as it is now; it can be read after later page loads too."""
    db.session.rollback()
    request = db.session.execute(select(RightsRequest)).scalar_one()
    db.session.expunge(request)
    return request


def all_documents() -> list[IdentityDocument]:
    """Return every document row, as they are now."""
    db.session.rollback()
    documents = list(db.session.execute(select(IdentityDocument).order_by(IdentityDocument.id)).scalars())
    db.session.expunge_all()
    return documents


def link_to_correct(browser: Browser, category: str, name: str) -> str:
    """Return the address of a link of a category's page, by its words with those for screen readers."""
    page = browser.get(f"/data/{category}")
    return next(str(a["href"]) for a in page.tree.select("main a") if " ".join(a.get_text().split()) == name)


def ask_to_correct(browser: Browser, category: str, name: str, **typed: object) -> Page:
    """Go from a value on its page through the form to the request that was sent."""
    shown = browser.get(link_to_correct(browser, category, name)).submit(typed, with_field=next(iter(typed)))
    assert shown.status == 200, shown.errors
    return shown.submit(action="/send")
