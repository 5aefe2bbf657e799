"""The place that the pages of requests for staff hang on; `staff_views` fills it."""

from flask import Blueprint

blueprint = Blueprint("rights", __name__)
