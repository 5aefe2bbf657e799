"""What Facebook tells us about a person: they removed our application, or ask to erase what came through it.

A call about somebody unknown, or sent twice, gets the usual answer, so that it does not tell whom we know.
"""

import hashlib
import hmac

from sqlalchemy import select

from portal.accounts.facebook.linked_identities import FACEBOOK, find_identity, forget_identity, unlink
from portal.accounts.facebook.signed_request import Callback
from portal.accounts.models import LinkedIdentity
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.rights.channels import Channel
from portal.rights.chosen import Limit
from portal.rights.filing.other_ways import file_for_facebook
from portal.rights.models import RightsRequest

TOLD = declare("portal:facebook:told", "what", "is_known")

_NUMBER, _CHECK = 32, 16


class CodeUnknown(Exception):
    """We never gave out this confirmation code."""


def deauthorize(callback: Callback) -> None:
    """Undo the link of somebody who removed our application, in the current transaction."""
    identity = find_identity(callback.scoped_id, callback.issued_at)
    record(TOLD, actor="portal", subject="portal", what="removed", is_known=identity is not None)
    if identity:
        unlink(identity, by=FACEBOOK)


def erase(callback: Callback) -> str:
    """Open the erasure that Facebook asks for and undo the link, in the current transaction; return the code.

    The code is computed from the person and the second of the call, so that a repeated call gets the same one.
    """
    code = confirmation_code(callback)
    identity = find_identity(callback.scoped_id, callback.issued_at)
    is_known = identity is not None and _request_of(code) is None
    record(TOLD, actor="portal", subject="portal", what="erasure", is_known=is_known)
    if identity and is_known:
        _erase_what_came(identity, code)
    return code


def _erase_what_came(identity: LinkedIdentity, code: str) -> None:
    """Undo the link at once. Its row stays for an erasure of more than the link: it says whose account goes with it."""
    customer = identity.account.customer
    limit = Limit.ACCOUNT if identity.brought_names else Limit.LINK
    is_asked = customer is not None and customer.status is not CustomerStatus.ERASED
    unlink(identity, by=FACEBOOK)
    if limit is Limit.LINK or not is_asked:
        forget_identity(identity)
    if customer and is_asked and not (limit is Limit.ACCOUNT and _is_open_for(customer.id)):
        file_for_facebook(customer, limit, code)


def _is_open_for(customer_id: int) -> bool:
    """Tell whether an erasure that Facebook asked for is open: the call came twice, in two seconds."""
    own = (RightsRequest.customer_id == customer_id, RightsRequest.channel == Channel.FACEBOOK)
    found = select(RightsRequest.id).where(*own, RightsRequest.is_open.is_(True)).limit(1)
    return db.session.execute(found).first() is not None


def confirmation_code(callback: Callback) -> str:
    """Return the confirmation code of a call. Nobody can guess it, and it does not tell whom it is about."""
    number = _keyed(f"facebook-erasure:{callback.scoped_id}:{int(callback.issued_at.timestamp())}")[:_NUMBER]
    return number + _check(number)


def request_under(code: str) -> RightsRequest | None:
    """Return the request that a code was given for; None when there was nothing to erase, or its file was purged.

    Raises:
        CodeUnknown: the code is not one of ours.
    """
    request = _request_of(code)
    if request is None and not _is_ours(code):
        raise CodeUnknown
    return request


def _request_of(code: str) -> RightsRequest | None:
    statement = select(RightsRequest).where(RightsRequest.confirmation_code == code)
    return db.session.execute(statement).scalar_one_or_none()


def _is_ours(code: str) -> bool:
    return hmac.compare_digest(code[_NUMBER:].encode(), _check(code[:_NUMBER]).encode())


def _check(number: str) -> str:
    return _keyed(f"facebook-erasure-code:{number}")[:_CHECK]


def _keyed(text: str) -> str:
    key: str = installed.settings().secret_key
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
