"""A customer's requests: choose, describe, check, send, follow, add, withdraw."""

from flask import Blueprint

blueprint = Blueprint("rights", __name__)
