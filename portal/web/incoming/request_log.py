"""One JSON line for each request: route, status, time, reference. Never an address with its values, never a person."""

import logging
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request


def json_formatter() -> logging.Formatter:
    """Return a formatter that writes each log record as one line of JSON."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )


def configure_logging() -> None:
    """Send every log of the process to standard error as JSON, one object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_formatter())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("huey").setLevel(logging.WARNING)


def register(app: Flask) -> None:
    """Log each request of an app when it ends."""
    logger = logging.getLogger("portal.requests")

    @app.before_request
    def start_timer() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.endpoint == "static":
            return response
        logger.info(
            "request",
            extra={
                "method": request.method,
                # The rule, not the address: addresses carry references and tokens.
                "route": request.url_rule.rule if request.url_rule else None,
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
                "reference": g.get("reference"),
            },
        )
        return response
