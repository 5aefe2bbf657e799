"""What a request asks to have corrected, field by field, as rows beside it: the value held and the one proposed."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction
from portal.records.corrections.targets import Target, find_target
from portal.rights.asked import Correct
from portal.rights.models import RightsRequest


def note_corrections(request: RightsRequest) -> None:
    """Write down in the current transaction each field that a request names, with the value held now."""
    asked = request.asked
    if not isinstance(asked, Correct) or not asked.changes or len(asked.record) != 2:
        return
    target = find_target(request.customer_id, *asked.record)
    if target is None:
        return  # it went while the request was written: the request stays, in its words
    db.session.add_all(
        Correction(
            request_id=request.id, customer_id=request.customer_id, part=target.part, kind=target.kind,
            external_id=target.external_id, field=field, held=_kept(target.values.get(field)), proposed=_kept(value),
        )
        for field, value in asked.changes
        if field in target.fields
    )  # fmt: skip
    db.session.flush()


def corrections_of(request_id: int) -> list[Correction]:
    """Return the fields that a request asks to have corrected, in their order: one query."""
    theirs = select(Correction).where(Correction.request_id == request_id)
    return list(db.session.execute(theirs.order_by(Correction.id)).scalars())


def target_of(request: RightsRequest) -> Target | None:
    """Return what the values that a request names are of; None where it names none, or nothing is held there now."""
    asked = request.asked
    if not isinstance(asked, Correct) or not asked.names_values:
        return None
    return find_target(request.customer_id, *asked.record)


def needs_nobody(request: RightsRequest, *, is_fresh: bool) -> bool:
    """Tell whether the person's word is enough for all that a request names: then it is done at once.

    Args:
        is_fresh: whether the person proved themselves within the last minutes; without it the team looks first at
            where they are reached.
    """
    asked, target = request.asked, target_of(request)
    if target is None or not isinstance(asked, Correct) or asked.details:
        return False
    if target.takes_statement_only:
        return bool(asked.statement)
    fields = [field for field, _value in asked.changes]
    if target.needs_fresh_proof(fields) and not is_fresh:
        return False
    return bool(fields) and all(map(target.is_at_once, fields))


def _kept(value: object) -> dict[str, object]:
    return {} if value is None else {"value": value}
