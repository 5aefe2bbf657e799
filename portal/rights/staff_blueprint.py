"""The blueprint of staff pages on requests. `staff_views` loads the modules that add its routes."""

from flask import Blueprint

blueprint = Blueprint("rights", __name__)
