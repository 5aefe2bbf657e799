from flask import Blueprint

blueprint = Blueprint("preferences", __name__)
