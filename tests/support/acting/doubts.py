"""A doubt about who somebody is, as only a document lifts it: the account bears another name than the company's records."""

import sqlite3
from contextlib import closing

from tests.support.acting.visitor import Visitor


def sign_in_under_another_name(visitor: Visitor, name: str) -> None:
    """Come in as a customer of the demonstration whose account bears another family name since."""
    email = visitor.served.customer(name)["email"]
    with closing(sqlite3.connect(visitor.served.instance / "portal.sqlite", timeout=20)) as database, database:
        statement = "UPDATE accounts SET family_name = 'Vidal' WHERE email_normalised = ?"
        assert database.execute(statement, (email,)).rowcount == 1
    visitor.sign_in(name)
