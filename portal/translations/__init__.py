"""Catalogues of the screens and mails: English is the text in the code, French lives here, one file per domain."""
