"""The rendition of a document, page by page, for the person who checks it and nobody else."""

from flask import Blueprint

blueprint = Blueprint("identity_checks", __name__)
