"""Where documents are kept during a journey: files, or a bucket that speaks S3."""

from collections.abc import Iterator

import pytest

from tests.support.servers.buckets import MISSING, bucket_server, weed_program


@pytest.fixture(scope="session")
def bucket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The storage URL of a real server's bucket."""
    program = weed_program()
    if program is None:
        pytest.skip(MISSING)
    with bucket_server(program, tmp_path_factory.mktemp("seaweedfs")) as url:
        yield url
