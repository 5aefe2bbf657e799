"""Sending an identity document, where the policy asks for one: the sides, their errors, later."""

from flask import Blueprint

blueprint = Blueprint("identity_checks", __name__)
