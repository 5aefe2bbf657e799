"""Make the demonstration: the same people every time, with passwords and tokens made for this database alone."""

import secrets
from datetime import timedelta
from typing import Any

import orjson
import pyotp
from sqlalchemy import select, update

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.accounts.models import Account, LinkedIdentity
from portal.customers.addresses import normalise_address
from portal.customers.models import Customer
from portal.demo.cases import make_cases
from portal.demo.erasures import page_of_erasure
from portal.demo.holdings import LINKED_WITH_FACEBOOK, import_lines
from portal.demo.objections import make_objections
from portal.demo.people import CUSTOMERS, STAFF
from portal.identity_checks.proof.places import REACHED_BY
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.passwords.hashing import hash_password
from portal.instructions.sending.stand_in import SYSTEM
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import Held, place_hold
from portal.records.archive.moving import archive_records
from portal.records.imports.ingest import Refusal, start_run
from portal.records.models import Record
from portal.staff.models import StaffMember

ACCOUNT_FOR, KNOWN_FOR = timedelta(days=400), timedelta(days=430)
WORDS = ("ancre", "brume", "cerise", "dune", "erable", "falaise", "galet", "houle", "ivoire", "jonque", "lagune", "mistral",
         "noisette", "ombre", "prairie", "quartz", "roseau", "sapin", "tilleul", "verger")  # fmt: skip


def seed() -> dict[str, Any]:
    """Fill an empty database and return what demo.json holds."""
    import_holdings()
    fill_archive()
    place_a_hold()
    accounts = {person: _open_account(person.number) for person in CUSTOMERS if person.has_account}
    staff = [_hire(email, name, role, language) for email, name, role, language in STAFF]
    with transaction():
        _row, feed_token = create_token("demonstration feed", ["preferences:read", "preferences:list"])
        _row, ingest_token = create_token("demonstration import", ["records:write"])
        _row, system_token = create_token("demonstration stand-in", [OF_ONE_SYSTEM], system=SYSTEM)
    make_cases()
    make_objections()
    run_due_jobs()
    return {
        "url": installed.settings().public_url,
        "customers": [account for person, account in accounts.items() if not person.is_erased],
        "staff": staff,
        "feed_token": feed_token,
        "ingest_token": ingest_token,
        "instructions_token": system_token,
        "erasure": page_of_erasure(),
    }


def import_holdings() -> None:
    """Import the customers of the demonstration with everything held about them."""
    lines = enumerate((orjson.dumps(line) for line in import_lines()), start=1)
    start_run(_fail).run(lines, actor="command", channel="command")
    # The company knew these people before they opened their accounts: a code to the address that it held can show
    # that it is them.
    with transaction() as session:
        known_at = clock.now() - KNOWN_FOR
        session.execute(update(Customer).values(imported_at=known_at, created_at=known_at))
        # And it held where to call and write to them.
        session.execute(update(Record).where(Record.kind.in_(REACHED_BY)).values(received_at=known_at))


def fill_archive() -> None:
    """Move to the archive what is past its active use, as the daily job does once an officer approved its first run."""
    over = select(Record.id).where(Record.active_until < clock.today(), Record.expires_on >= clock.today())
    with transaction() as session:
        archive_records(list(session.execute(over).scalars()))


def place_a_hold() -> None:
    """Keep what is held about somebody whose relation ended: a review is due within the month."""
    with transaction() as session:
        customer = session.execute(select(Customer).where(Customer.external_id == "C-1014")).scalar_one()
        place_hold(
            customer, Held(category="transaction"), HoldGround.AUDIT, "Contrôle fiscal des exercices 2024 et 2025",
            review_on=clock.today() + timedelta(days=25), actor="command",
        )  # fmt: skip


def _fail(refusal: Refusal) -> None:
    raise RuntimeError(f"the demonstration does not fit the data map: {refusal}")


def _open_account(number: str) -> dict[str, str]:
    password = _new_password()
    since = clock.now() - ACCOUNT_FOR
    with transaction() as session:
        customer = session.execute(select(Customer).where(Customer.external_id == number)).scalar_one()
        assert customer.email
        account = Account(
            customer_id=customer.id,
            email=customer.email,
            email_normalised=normalise_address(customer.email),
            email_confirmed_at=since,
            created_at=since,
            given_name=customer.given_name,
            family_name=customer.family_name,
            language=customer.language,
            password_hash=hash_password(password),
            password_changed_at=since,
        )
        session.add(account)
        session.flush()
        if number == LINKED_WITH_FACEBOOK:
            link = LinkedIdentity(account_id=account.id, provider="facebook", scoped_id="9307", linked_at=since)
            session.add(link)
        return {"email": customer.email, "password": password}


def _hire(email: str, name: str, role: Any, language: str) -> dict[str, str]:
    password, secret = _new_password(), pyotp.random_base32()
    with transaction() as session:
        member = StaffMember(
            email=email, email_normalised=normalise_address(email), name=name, role=role, language=language,
            password_hash=hash_password(password), activated_at=clock.now(), informed_at=clock.now(),
        )  # fmt: skip
        session.add(member)
        session.flush()
        keep_totp_secret(member, secret)
    return {"email": email, "password": password, "totp_secret": secret, "role": str(role)}


def _new_password() -> str:
    return "-".join(secrets.choice(WORDS) for _index in range(4)) + f"-{secrets.randbelow(1000):03}"
