"""An empty schema for the tests."""

from flask import Flask

from portal.audit.models import AuditHead
from portal.audit.recording import GENESIS
from portal.infrastructure.database import db, transaction


def create_schema(app: Flask) -> None:
    """Create every table in the app's database."""
    with app.app_context():
        db.create_all()
        with transaction() as session:
            session.add(AuditHead(id=1, sequence=0, hash=GENESIS))
