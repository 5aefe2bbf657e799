"""Corrections that a backup had undone: made once more from the file of the request, else put on the officer's desk."""

from typing import Final

from sqlalchemy import select

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction, CorrectionResult
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, replays
from portal.records.corrections.applying import apply
from portal.records.corrections.targets import fields_of, name_of
from portal.rights import acting
from portal.rights.asked import label_of_change
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, tell_officers

LOST: Final = declare("portal:correction:lost", "reference", "kind", "field")


def _put_on_the_desk(body: Body) -> None:
    """Name the case and the field to the officers: no value is known here any more."""
    language = installed.organisation().languages[0]
    field = label_of_change(body["field"], fields_of(body["kind"]), language)
    about = f"{body['request']}, {name_of(body['kind'], language)}, {field}"
    tell_officers(Told(Act.LOST, about), is_mailed=False)


@replays(EntryKind.CORRECTED)
def _correct_again(body: Body) -> None:
    """Write the value once more. The ledger holds none: it comes from the request, where the backup has that."""
    request = acting.find_request(body["request"])
    if request is not None:
        acting.of_portal(request.id)  # locks
        named = (Correction.kind == body["kind"], Correction.field == body["field"])
        found = db.session.execute(select(Correction).where(Correction.request_id == request.id, *named)).scalar()
        if found is not None and found.applied_at is not None:
            return
        if found is not None and apply(request.customer, found):
            found.result = CorrectionResult.CORRECTED
            return
    subject = f"customer:{body['customer']}"
    _put_on_the_desk(body)
    record(LOST, actor="command", subject=subject, reference=body["request"], kind=body["kind"], field=body["field"])
