"""The place that the staff domain's pages for staff hang on; `staff_views` fills it."""

from flask import Blueprint

blueprint = Blueprint("staff", __name__)
