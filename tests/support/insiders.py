"""The acts that take two people, as the pages offer them: propose one, and tell whether it is done."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from portal import clock
from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.preferences.base_exports import may_export_until, propose_export
from portal.staff.approvals.deciding import second_by_command
from portal.staff.approvals.models import Approval
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.approvals import found

WHY = "Zoé arrive lundi."
ZOE, GONE, NEW = "zoe@example.org", "gone@example.org", "new@example.org"


@dataclass(frozen=True)
class Act:
    """One act.

    Attributes:
        path: where it is proposed; `{id}` is the public id of the member whom it is about.
        values: what the form holds.
        about: the address of that member.
        roles: who proposes it, and who seconds it.
        is_done: tells whether it was carried out.
    """

    path: str
    values: dict[str, object]
    roles: frozenset[Role]
    is_done: Callable[[], bool]
    about: str = ZOE

    def send(self, browser: Browser) -> Page:
        """Propose it as its form does, without fetching the page first: many may not even open that."""
        path = self.path.format(id=found(self.about).public_id)
        token = browser.form_token(path)
        return browser.post(path, {"csrf_token": token, **self.values}, follow=False)

    def proposed(self, browser: Browser) -> str:
        """Propose it and return the public id of the proposal."""
        answer = self.send(browser)
        assert answer.status == 303, answer.text
        return answer.response.headers["Location"].rpartition("/")[2]


def _member(email: str) -> StaffMember | None:
    db.session.rollback()
    return db.session.execute(select(StaffMember).where(StaffMember.email == email)).scalar_one_or_none()


def _is_invited() -> bool:
    member = _member(NEW)
    return member is not None and member.proposed_at is None


def _may_export() -> bool:
    authors = db.session.execute(select(Approval).where(Approval.what == "base_export")).scalars().all()
    return any(may_export_until(approval.author) for approval in authors)


ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ACTS = {
    "invitation": Act(
        "/staff/members/new",
        {"name": "Nora Neuve", "email": NEW, "role": "officer", "reason": WHY}, ADMINISTRATORS, _is_invited,
    ),
    "role": Act(
        "/staff/members/{id}/role",
        {"role": "officer", "reason": WHY}, ADMINISTRATORS, lambda: found(ZOE).role is Role.OFFICER,
    ),
    "way_in": Act(
        "/staff/members/{id}/way-in", {"way_in-reason": WHY}, ADMINISTRATORS, lambda: found(ZOE).password_hash is None
    ),
    "reopening": Act(
        "/staff/members/{id}/enable",
        {"reopening-reason": WHY}, ADMINISTRATORS, lambda: found(GONE).disabled_at is None, about=GONE,
    ),
    "token": Act(
        "/staff/tokens/new",
        {"name": "Outil", "scopes": ["preferences:list"], "days": "30", "reason": WHY},
        ADMINISTRATORS, lambda: db.session.execute(select(ApiToken)).first() is not None,
    ),
    "export": Act(
        "/staff/marketing/exports", {"export-reason": WHY}, frozenset({Role.MARKETING, Role.OFFICER}), _may_export
    ),
}  # fmt: skip


def hire_subjects(people: People) -> None:
    """Make the members whom the acts are about."""
    people.staff(Role.SUPPORT, ZOE, name="Zoé Maurin")
    people.staff(Role.REVIEWER, GONE, name="Guy Parti", disabled_at=clock.now())
    db.session.rollback()


def answer(browser: Browser, public_id: str, said: str = "second", words: str = "D’accord.") -> Page:
    """Answer a proposal as its form does."""
    path = f"/staff/approvals/{public_id}"
    token = browser.form_token(path)
    return browser.post(path, {"csrf_token": token, "answer": said, "words": words})


def allow_export(email: str) -> None:
    """Let a member download the preferences of all customers, by the shell: they are the only one who could second it."""
    with transaction():
        second_by_command(propose_export(found(email), WHY).public_id, WHY)
