"""Keep “e-mail” on one line: on a telephone, browsers break it after its hyphen."""

from flask import Flask, Response

from portal.bilingual import unbroken_page


def register(app: Flask) -> None:
    """Join the word on every page of an app, in what is read and not in what a form holds."""

    @app.after_request
    def join(response: Response) -> Response:
        if response.mimetype == "text/html" and not response.is_streamed and not response.content_encoding:
            response.set_data(unbroken_page(response.get_data(as_text=True)))
        return response
