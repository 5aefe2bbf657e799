"""When the notes of what left for a person end, and why."""

from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Part, Reach

PARTS = declare(Part("dispatches", frozenset({"dispatches"}), Reach.CUSTOMER, ends_with="request_files"))
