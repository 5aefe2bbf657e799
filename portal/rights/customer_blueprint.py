"""The blueprint of customers' pages on their requests. `customer_views` loads the modules that add its routes."""

from flask import Blueprint

blueprint = Blueprint("rights", __name__)
