"""Build an answer package: one ZIP, sealed under a key of its own while it is written.

A page to read (`index.html`, offline, in the customer's language), JSON and CSV for each category, the information
of art. 15(1), and a manifest with the SHA-256 of every file.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path

import orjson
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select, update

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import forget_times, unbroken_page
from portal.customers.models import Customer
from portal.exports.comparing import Comparison
from portal.exports.contents import as_csv, as_json, items_of
from portal.exports.information import article_15_information
from portal.exports.models import AnswerPackage, PackageStatus, key_context
from portal.exports.owed import note_promise, promise
from portal.exports.portability.files import PortableFiles
from portal.exports.requesting import tell_ready, withheld_for
from portal.exports.writing.archive import Archive, chunks_of
from portal.exports.writing.spool import Spool
from portal.infrastructure import installed
from portal.infrastructure.database import after_commit, db, transaction
from portal.infrastructure.jobs.queue import JobRun
from portal.infrastructure.locking.rows import lock_row
from portal.infrastructure.sealing.keys import new_data_key
from portal.infrastructure.sealing.streams import seal_stream
from portal.infrastructure.storage import StorageError
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem

BUILT = declare("portal:package:built", "package", "purpose", "items")

ITEMS_A_PAGE = 500
BETWEEN_NOTES = timedelta(seconds=3)
STYLE = Path(__file__).parent / "package.css"


_UNDER_WAY = frozenset({PackageStatus.QUEUED, PackageStatus.BUILDING})


def build(run: JobRun, package_id: int) -> None:
    """Write, seal and store a package. Then, in one transaction, mark it ready, audit it and call the listeners."""
    with transaction() as session:
        package = session.get(AnswerPackage, package_id)
        if package is None or package.status not in _UNDER_WAY:
            return
        package.status = PackageStatus.BUILDING
    package = db.session.get_one(AnswerPackage, package_id)
    customer_id = package.customer_id
    writer = _Writer(run, package, db.session.get_one(Customer, customer_id))
    key, name = new_data_key(), f"exports/{secrets.token_hex(16)}"
    storage, wrap = installed.storage(), installed.master_keys().wrap
    storage.put(name, writer.sealed(key, object_id=name))
    organisation = installed.organisation()
    with run.finish() as session:
        package = _still_wanted(package_id, customer_id)
        if package is None:
            after_commit(lambda: _forget(name))
            return
        package.status, package.progress, package.storage_key = PackageStatus.READY, 100, name
        package.wrapped_key = wrap(key, key_context(package))
        package.size, package.sha256, package.counts = writer.size, writer.sha256, writer.counts
        writer.comparison.keep_in(package)
        package.ready_at = clock.now()
        package.expires_at = clock.now() + timedelta(days=organisation.retention.answer_files.days)
        customer = session.get_one(Customer, package.customer_id)
        record(
            BUILT, actor="portal", subject=f"customer:{customer.public_id}", package=package.public_id,
            purpose=package.purpose, items=sum(writer.counts.values()),
        )  # fmt: skip
        if writer.promise:
            note_promise(package, customer, writer.promise[0])
        tell_ready(package)


def _still_wanted(package_id: int, customer_id: int) -> AnswerPackage | None:
    """Lock and return a package, unless it was ended while it was written, as by an erasure."""
    lock_row(Customer, customer_id)
    held = select(AnswerPackage).where(AnswerPackage.id == package_id, AnswerPackage.status.in_(_UNDER_WAY))
    held = held.with_for_update(key_share=True).execution_options(populate_existing=True)
    package: AnswerPackage | None = db.session.execute(held).scalar_one_or_none()
    return package


def _forget(name: str) -> None:
    # Without its key it is noise, and what the store keeps for now ends with the leftovers.
    with suppress(StorageError):
        installed.storage().delete(name)


class _Writer:
    """Writes one package. Its size, counts and SHA-256 are known once every chunk was read."""

    def __init__(self, run: JobRun, package: AnswerPackage, customer: Customer) -> None:
        self._run = run
        self._package_id, self._customer_id = package.id, customer.id
        self._purpose, self._language = package.purpose, package.language
        self._categories = [Category(code) for code in package.categories]
        self._greeting = customer.full_name
        self._reference = customer.reference
        self._withheld_because = withheld_for(package)
        name = customer.full_name or customer.email or customer.reference
        is_portable = package.purpose == "portability"
        self._portable = PortableFiles(self._categories, self._language, name) if is_portable else None
        self.comparison = Comparison(package)
        self.promise = promise(package, customer)
        self.size, self.counts = 0, dict.fromkeys(package.categories, 0)
        self.sha256 = ""
        self._has_every_page = package.has_every_page
        self._progress, self._note_at = 0, clock.now() + BETWEEN_NOTES

    def sealed(self, key: bytes, object_id: str) -> Iterator[bytes]:
        """Yield the sealed package."""
        return seal_stream(key, self._measured(self._chunks()), object_id)

    def _measured(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            self.size += len(chunk)
            yield chunk
        self.sha256 = digest.hexdigest()

    def _chunks(self) -> Iterator[bytes]:
        archive = Archive()
        for number, category in enumerate(self._categories):
            yield from self._category(archive, category)
            self._progress = 90 * (number + 1) // len(self._categories)
            self._note_progress()
        for name, content in self._portable.files() if self._portable else ():
            yield from archive.add(name, [content])
        if self.comparison.since:
            changes = orjson.dumps(self.comparison.as_json(), option=orjson.OPT_INDENT_2)
            yield from archive.add("changes.json", [changes])
        information = article_15_information(self._customer_id, self.counts, self._language, self.promise)
        yield from archive.add("information.json", [orjson.dumps(information, option=orjson.OPT_INDENT_2)])
        yield from archive.add("style.css", [STYLE.read_bytes()])
        index = b"".join(self._page("index", information=information)).decode()
        yield from archive.add("index.html", [unbroken_page(index).encode()])
        manifest = {
            "schema": 1,
            "purpose": self._purpose,
            "customer": self._reference,
            "made_at": clock.now().isoformat(),
            "counts": self.counts,
            "files": [vars(file) for file in archive.written],
        }
        yield from archive.add("manifest.json", [orjson.dumps(manifest, option=orjson.OPT_INDENT_2)])
        yield from archive.close()

    def _category(self, archive: Archive, category: Category) -> Iterator[bytes]:
        """Yield a category: read once, as JSON; from that its CSV, and its newest items as a page to read."""
        fields: dict[str, None] = {}
        tally = [0]
        spool, newest = Spool(), list[HeldItem]()
        items = _keeping(self._counted(self._items(category, self._portable)), newest, ITEMS_A_PAGE)
        yield from archive.add(
            f"{category}.json", self._renewing(_noted(chunks_of(as_json(items, fields, tally)), spool))
        )
        yield from archive.add(f"{category}.csv", self._renewing(chunks_of(as_csv(spool.read(), list(fields)))))
        self.counts[category] = tally[0]
        pages = -(-tally[0] // ITEMS_A_PAGE) if self._has_every_page else min(tally[0], 1)
        for page in range(1, pages + 1):
            if page == 2:
                items = islice(self._items(category), ITEMS_A_PAGE, None)
            part = newest if page == 1 else list(islice(items, ITEMS_A_PAGE))
            content = self._page("category", category=category, items=part, page=page, pages=pages)
            yield from archive.add(page_name(category, page), content)

    def _items(self, category: Category, reader: PortableFiles | None = None) -> Iterator[HeldItem]:
        """Yield what a category hands over; a portable copy's own files read along, the first time."""
        absences = reader.absences if reader else None
        for item in items_of(self._customer_id, category, self._language, self._purpose, absences):
            reason = self._withheld_because(item)
            if reader and reason:
                reader.withhold(item, reason)
            elif reader:
                reader.read(item)
            if not reason:
                yield item

    def _counted(self, items: Iterator[HeldItem]) -> Iterator[HeldItem]:
        for item in items:
            self.comparison.read(item)
            yield item

    def _renewing(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._note_progress()
            yield chunk

    def _page(self, template: str, **context: object) -> Iterator[bytes]:
        forget_times()
        with force_locale(self._language):
            page = current_app.jinja_env.get_template(f"exports/package/{template}.html")
            stream = page.stream(
                organisation=installed.organisation(), language=self._language, purpose=self._purpose,
                greeting=self._greeting, reference=self._reference, counts=self.counts, made_on=clock.today(),
                categories=self._categories, page_name=page_name, portable=self._portable,
                comparison=self.comparison, **context,
            )  # fmt: skip
            stream.enable_buffering(50)
            for piece in stream:
                yield piece.encode()

    def _note_progress(self) -> None:
        """Keep the job's lease and note how far it is, every few seconds: most copies take less."""
        if clock.now() < self._note_at:
            return
        self._note_at = clock.now() + BETWEEN_NOTES
        self._run.renew()
        statement = update(AnswerPackage).where(AnswerPackage.id == self._package_id).values(progress=self._progress)
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            connection.execute(statement)


def _noted(pieces: Iterator[bytes], spool: Spool) -> Iterator[bytes]:
    """Pass pieces on, and keep them in a spool."""
    for piece in pieces:
        spool.write(piece)
        yield piece


def _keeping(items: Iterator[HeldItem], newest: list[HeldItem], number: int) -> Iterator[HeldItem]:
    """Pass items on, and keep the first few in a list."""
    for item in items:
        if len(newest) < number:
            newest.append(item)
        yield item


def page_name(category: str, page: int) -> str:
    """Return the file name of a page of a category inside a package."""
    return f"{category}.html" if page == 1 else f"{category}-{page}.html"
