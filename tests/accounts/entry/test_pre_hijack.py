"""The pre-hijacking matrix: five attacks, laid before or after the victim has an account, or one with a second step, and
recovered by password or Facebook.

In every cell the thief ends with nothing: no session, no way in, no link, no change that waits, nothing seen
(Sudhodanan and Paverd, "Pre-hijacked accounts", 2022; security.md A2 and A3).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.one_time_codes import keep_totp_secret
from portal.access.recovery_codes import make_recovery_codes, replace_codes, unused_codes
from portal.accounts.address.change import pending_change
from portal.accounts.links import Purpose
from portal.accounts.models import (
    Account,
    AccountPasskey,
    AccountRecoveryCode,
    AccountSession,
    AccountToken,
    LinkedIdentity,
)
from portal.infrastructure.database import db, transaction
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, TOTP_SECRET, People
from tests.support.acting.second_steps import give
from tests.support.acting.visitors import ask_for_reset, confirmed, count, is_signed_in, mailed_link, register, sign_in
from tests.support.servers.facebook import Provider, come_in, go, link_facebook

VICTIM, THIEF = "nadia@example.org", "thief@example.com"
VICTIMS_ID, THIEFS_ID = "218471", "666"
PLANTED, CHOSEN = "le mot de passe du voleur", "la phrase de la titulaire"
CHANGE = "/address/confirm/"


@dataclass
class Stage:
    """Who takes part, and what the thief kept.

    Attributes:
        is_late: the victim has an account already, and the thief was in it for a moment.
        is_guarded: that account has a second step.
        way: how the victim comes: `password` or `facebook`.
        links: links about addresses that the thief got hold of.
        codes: the victim's recovery codes that are left.
    """

    app: Flask
    people: People
    provider: Provider
    mailbox: Mailbox
    is_late: bool
    way: str
    thief: Browser = field(init=False)
    victim: Browser = field(init=False)
    is_guarded: bool = False
    links: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thief, self.victim = Browser(self.app), Browser(self.app)
        if self.is_late:
            self._open_the_victims_account()

    def _open_the_victims_account(self) -> None:
        self.people.account(VICTIM, given_name="Nadia")
        if self.is_guarded:
            self._add_a_second_step()
        if self.way == "password":
            self._pass_second_step(sign_in(self.victim, VICTIM, PASSWORD))
            return
        with transaction() as session:
            session.query(Account).one().password_hash = None
        link_facebook(VICTIM, VICTIMS_ID)
        self.at_facebook(VICTIMS_ID, "Nadia")
        self._pass_second_step(come_in(self.victim))

    def _add_a_second_step(self) -> None:
        made = make_recovery_codes()
        with transaction() as session:
            account = session.query(Account).one()
            keep_totp_secret(account, TOTP_SECRET)
            replace_codes(AccountRecoveryCode, made, account_id=account.id)
        self.codes = made.codes

    def _pass_second_step(self, page: Page) -> Page:
        return give(page, self.codes.pop()) if self.is_guarded else page

    def at_facebook(self, scoped_id: str, name: str) -> None:
        """Let somebody be signed in at Facebook, which gives the victim's address for them, theirs or not."""
        self.provider.person = {"id": scoped_id, "first_name": name, "last_name": "Benali", "email": VICTIM}

    def thief_comes_by_facebook(self, browser: Browser) -> None:
        self.at_facebook(THIEFS_ID, "Voleur")
        come_in(browser)

    def enter_the_account(self) -> None:
        """Let the thief into the victim's account: they know the password, or copied the cookie."""
        if self.way == "password" and not self.is_guarded:
            sign_in(self.thief, VICTIM, PASSWORD)
        else:
            self.thief.client.set_cookie("session", self.victim.client.get_cookie("session").value)
        assert is_signed_in(self.thief)

    def recover(self) -> None:
        """Let the victim come, or take the account back, by their own means."""
        own = Browser(self.app)
        if self.way == "facebook":
            self.at_facebook(VICTIMS_ID, "Nadia")
            page = self._pass_second_step(come_in(own))
            if self.is_late:
                own.get("/account").submit(action="/account/sessions/end-others")
            else:
                assert page.url == "/register/sent"
                own.get(mailed_link(self.mailbox, VICTIM, "/confirm/")).submit()
        elif self.is_late:
            ask_for_reset(own, VICTIM)
            own.get(mailed_link(self.mailbox, VICTIM, "/password/reset/")).submit({"password": CHOSEN})
            self._pass_second_step(sign_in(own, VICTIM, CHOSEN))
        else:
            confirmed(own, self.mailbox, VICTIM)
        self.victim = own

    def try_everything(self) -> None:
        """Let the thief use all that they kept, planted or know."""
        for link in self.links:
            page = self.thief.get(link)
            if page.tree.select_one("main [name=password]"):
                page.submit({"password": PASSWORD}, with_field="password")
        for password in (PLANTED, PASSWORD):
            sign_in(Browser(self.app), VICTIM, password)
        self.thief_comes_by_facebook(Browser(self.app))

    def check_that_the_thief_has_nothing(self) -> None:
        for path in ("/account", "/data"):
            seen = self.thief.get(path).text
            assert "Nadia" not in seen
            assert "n•••a@example.org" not in seen
        db.session.rollback()
        account = db.session.query(Account).filter_by(email=VICTIM).filter(Account.customer_id.is_not(None)).one()
        assert account.given_name != "Voleur"
        assert pending_change(account.id) is None
        alive = select(AccountSession).where(AccountSession.account_id == account.id, AccountSession.ended_at.is_(None))
        assert len(db.session.execute(alive).all()) == 1, "the victim’s own session"
        opens = select(LinkedIdentity).where(
            LinkedIdentity.account_id == account.id, LinkedIdentity.unlinked_at.is_(None)
        )
        ids = [identity.scoped_id for identity in db.session.execute(opens).scalars()]
        assert ids == ([VICTIMS_ID] if self.way == "facebook" else [])
        assert count(AccountPasskey) == 0
        assert unused_codes(AccountRecoveryCode, account_id=account.id) == len(self.codes)
        assert (account.sealed_totp_secret is not None) == self.is_guarded
        waits = select(AccountToken.id).where(AccountToken.email_normalised == VICTIM, AccountToken.ended_at.is_(None))
        assert not db.session.execute(waits.where(AccountToken.purpose == Purpose.CHANGE_ADDRESS)).all()
        if not self.is_late:
            rivals = select(Account).where(Account.email_normalised == VICTIM, Account.customer_id.is_(None))
            assert {rival.password_hash for rival in db.session.execute(rivals).scalars()} <= {None}
        assert is_signed_in(self.victim)


def classic_federated_merge(stage: Stage) -> None:
    """Register the victim's address with a password, to share the account that the victim's own way in is merged with."""
    register(stage.thief, VICTIM, password=PLANTED, given_name="Voleur")


def unexpired_session(stage: Stage) -> None:
    """Stay signed in while the victim recovers."""
    if stage.is_late:
        stage.enter_the_account()
        return
    register(stage.thief, VICTIM, password=PLANTED, given_name="Voleur")
    sign_in(stage.thief, VICTIM, PLANTED)


def trojan_identifier(stage: Stage) -> None:
    """Leave an identity of one's own on the account."""
    if stage.is_late:
        stage.enter_the_account()
        page = stage.thief.get("/account/facebook")
        if page.tree.select("main form[action='/account/facebook']"):
            stage.at_facebook(THIEFS_ID, "Voleur")
            stage.thief.get(go(page.submit(action="/account/facebook")))
        return
    register(stage.thief, VICTIM, password=PLANTED, given_name="Voleur")
    stage.thief_comes_by_facebook(stage.thief)


def unexpired_email_change(stage: Stage) -> None:
    """Ask for another address, and keep the link until the victim has recovered."""
    asked = THIEF if stage.is_late else VICTIM
    if stage.is_late:
        stage.enter_the_account()
    else:
        stage.thief = stage.people.signed_in(THIEF, given_name="Voleur", external_id="C-666")
    stage.thief.get("/account/address").submit({"email": asked}, with_field="email")
    stage.links.append(mailed_link(stage.mailbox, asked, CHANGE))


def non_verifying_provider(stage: Stage) -> None:
    """Come by a provider that gives the victim's address without having proven it."""
    stage.thief_comes_by_facebook(stage.thief)


ATTACKS = [
    classic_federated_merge, unexpired_session, trojan_identifier, unexpired_email_change, non_verifying_provider,
]  # fmt: skip
# One cell of each attack in `make test`, every moment and way among them; the trial runs the other twenty-five.
QUICK = {
    (classic_federated_merge, "before", "facebook"), (unexpired_session, "after", "password"),
    (trojan_identifier, "guarded", "password"), (unexpired_email_change, "after", "facebook"),
    (non_verifying_provider, "before", "password"),
}  # fmt: skip
CELLS = [
    pytest.param(*cell, marks=() if cell in QUICK else pytest.mark.trial, id="-".join((cell[0].__name__, *cell[1:])))
    for cell in product(ATTACKS, ("before", "after", "guarded"), ("password", "facebook"))
]


@pytest.mark.parametrize(("attack", "moment", "way"), CELLS)
def test_the_thief_ends_with_nothing(
    app: Flask,
    people: People,
    provider: Provider,
    mailbox: Mailbox,
    attack: Callable[[Stage], None],
    moment: str,
    way: str,
) -> None:
    stage = Stage(app, people, provider, mailbox, moment != "before", way, is_guarded=moment == "guarded")
    attack(stage)
    if not stage.is_late:
        assert "n•••a@example.org" not in stage.thief.get("/account").text, (
            "an address that nobody proved opens nothing"
        )
    stage.recover()
    stage.try_everything()
    stage.check_that_the_thief_has_nothing()
