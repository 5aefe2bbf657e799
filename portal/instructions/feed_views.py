"""What a system of the company fetches and answers by itself: /feed/v1/instructions."""

from typing import Any

import orjson
from flask import Blueprint, Response, abort, g, request

from portal.access.declare import requires, token
from portal.access.tokens import OF_ONE_SYSTEM
from portal.infrastructure.database import transaction
from portal.instructions.acknowledging import NoSuchInstruction, Result, Settled, answer, find_instruction
from portal.instructions.contents import contents_of
from portal.instructions.models import Instruction
from portal.web.errors import problem

blueprint = Blueprint("instructions", __name__)

LONGEST_WORDS = 2000
_LARGEST = 64 * 1024


@blueprint.get("/feed/v1/instructions/<public_id>/items")
@requires(token(OF_ONE_SYSTEM))
def items(public_id: str) -> Response:
    row = find_instruction(public_id, _system())
    return _json(contents_of(row)) if row else abort(404)


@blueprint.post("/feed/v1/instructions/<public_id>/ack")
@requires(token(OF_ONE_SYSTEM))
def acknowledge(public_id: str) -> Response:
    """Take the answer of a system. The same answer once more is answered the same, another one with 409."""
    request.max_content_length = _LARGEST
    sent = _sent()
    if sent is None:
        return problem(422, f"Send result ({', '.join(Result)}) and, unless it is done, words.")
    result, words = sent
    try:
        with transaction():
            return _json(_stands(answer(public_id, result, words, target=_system())))
    except NoSuchInstruction:
        abort(404)
    except Settled as settled:
        is_same = settled.instruction.acknowledged_by == _system() and result is Result.DONE
        return _json(_stands(settled.instruction), 200 if is_same else 409)


def _system() -> str:
    """Return the one system that the caller's token is bound to."""
    return str(g.api_token.system or abort(403))


def _sent() -> tuple[Result, str] | None:
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        return None
    result, words = content.get("result"), content.get("words", "")
    if (
        not isinstance(result, str)
        or result not in set(Result)
        or not isinstance(words, str)
        or len(words) > LONGEST_WORDS
    ):
        return None
    is_reasoned = result == Result.DONE or bool(words.strip())
    return (Result(result), words.strip()) if is_reasoned else None


def _stands(row: Instruction) -> dict[str, Any]:
    return {"instruction": row.public_id, "state": str(row.state)}


def _json(content: Any, code: int = 200) -> Response:
    return Response(orjson.dumps(content), code, mimetype="application/json")
