"""Make cases with a clear document, for a campaign: `python -m tests.support.documents.clear_cases 20` prints their references."""

import os
import sys

from sqlalchemy import delete, select

from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.rights.models import RightsRequest
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.people import People
from tests.support.filing import file_with_document_later, send_card


def main(number: int) -> None:
    app = create_app(Settings.from_environment(os.environ))
    with app.app_context():
        before = set(db.session.execute(select(RightsRequest.reference)).scalars())
        people = People(app)
        for place in range(number):
            # Tries are limited by network, and all these people come from one machine: forget the tries.
            with transaction() as session:
                session.execute(delete(RateCount))
            browser = people.signed_in(f"clear-{place}@example.org", external_id=f"C-8{place:03}")
            send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
        db.session.rollback()
        made = select(RightsRequest.reference).order_by(RightsRequest.id)
        print(*(reference for reference in db.session.execute(made).scalars() if reference not in before), sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
