from flask import Blueprint

blueprint = Blueprint("cookies", __name__)
