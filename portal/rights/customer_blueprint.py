"""The place that the pages of requests for their customers hang on; `customer_views` fills it."""

from flask import Blueprint

blueprint = Blueprint("rights", __name__)
