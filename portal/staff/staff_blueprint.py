"""The blueprint of the staff domain's pages. `staff_views` loads the modules that add its routes."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__)
