"""`flask retention hold`, `holds` and `lift`: something is kept although its time is over."""

from datetime import datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import or_, select

from portal.access.permissions import Permission
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import (
    ErasureUnderWay,
    Held,
    NoSuchHold,
    ReviewTooFar,
    lift_hold,
    place_hold,
    standing,
)
from portal.staff.approvals.seconders import how_many_could


@click.command("hold")
@click.argument("customer")
@click.option("--ground", type=click.Choice([ground.value for ground in HoldGround]), required=True)
@click.option("--because", required=True, help="Why, for whoever reviews it.")
@click.option("--review", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Within six months.")
@click.option("--category", help="Only this category of records.")
@click.option("--kind", help="Only this kind of records.")
@click.option("--record", "external_id", help="Only the record of this number.")
@click.option("--secret", "is_secret", is_flag=True, help="The person is not told; --because says why.")
@with_appcontext
def hold(customer: str, ground: str, because: str, review: datetime, *, is_secret: bool, **scope: str | None) -> None:
    """Keep what CUSTOMER (the company's number, or the public id) has, until the hold is lifted."""
    by_reference = or_(Customer.external_id == customer, Customer.public_id == customer)
    try:
        with transaction():
            person = db.session.execute(select(Customer).where(by_reference)).scalar_one_or_none()
            if person is None:
                raise click.UsageError(f"Nobody has the number {customer}.")
            held = Held(scope["category"], scope["kind"], scope["external_id"])
            placed = place_hold(
                person, held, HoldGround(ground), because, review_on=review.date(), actor="command", is_secret=is_secret
            )  # fmt: skip
            public_id = placed.public_id
    except ReviewTooFar:
        raise click.UsageError("--review must be a day after today, within six months.") from None
    except ErasureUnderWay:
        raise click.UsageError(
            f"An erasure of {customer} has begun: what it leaves can be held when it is over."
        ) from None
    click.echo(f"Kept, by hold {public_id}. Lift it with flask retention lift {public_id}.")


@click.command("holds")
@with_appcontext
def holds() -> None:
    """List the holds that stand, those to be reviewed first."""
    for each in db.session.execute(standing()).scalars():
        person = db.session.get_one(Customer, each.customer_id)
        scope = " ".join(filter(None, (each.category, each.kind, each.external_id))) or "everything"
        what = f"{each.public_id}  {person.reference}  {scope}  {each.ground}"
        click.echo(f"{what}  review {each.review_on}  {each.words}")


@click.command("lift")
@click.argument("hold")
@with_appcontext
def lift(hold: str) -> None:
    """Lift a hold, where fewer than two members could second that. What is past its time goes with the next run."""
    if how_many_could(Permission.PLACE_HOLD) > 1:
        raise click.UsageError("Two officers lift a hold together: one proposes it at /staff/holds.")
    try:
        with transaction():
            lift_hold(hold, "command")
    except NoSuchHold:
        raise click.UsageError(f"No hold {hold} stands; flask retention holds lists them.") from None
    click.echo("Lifted.")
