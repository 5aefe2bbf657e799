"""Many at once: two people never take the same case."""

import threading

from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.demo.seeding import import_holdings
from portal.infrastructure.database import db, transaction
from portal.rights.channels import Channel
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import Right
from portal.rights.queue.claims import take_most_urgent
from portal.staff.models import StaffMember
from tests.trial.installation import installation


def race_for_the_most_urgent(reduced: bool) -> str:
    """Let staff members press the button together; each gets a case of their own."""
    people = 10 if reduced else 50
    with installation() as portal, portal.app.app_context():
        import_holdings()
        customers = list(db.session.execute(select(Customer.id)).scalars())
        with transaction() as session:
            for number in range(people):
                address = f"agent{number}@example.org"
                session.add(
                    StaffMember(
                        email=address,
                        email_normalised=address,
                        name="Agent",
                        role=Role.REVIEWER,
                        activated_at=clock.now(),
                    )
                )
        members = list(db.session.execute(select(StaffMember.id)).scalars())
        with transaction() as session:
            for number in range(people):
                customer = session.get_one(Customer, customers[number % len(customers)])
                take_in(
                    customer, Right.ACCESS, Channel.EMAIL, clock.now(), "copy", session.get_one(StaffMember, members[0])
                )
        taken: list[str] = []
        barrier = threading.Barrier(people)

        def press(member_id: int) -> None:
            with portal.app.app_context():
                barrier.wait()
                with transaction() as session:
                    found = take_most_urgent(session.get_one(StaffMember, member_id))
                    reference = found.reference if found else None
                if reference:
                    taken.append(reference)
                db.session.remove()

        threads = [threading.Thread(target=press, args=(member,)) for member in members]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(taken) == len(set(taken)) == people, f"{people} people, {len(taken)} cases, {len(set(taken))} different"
    return f"{people} people took {people} different cases"
