"""Where documents are kept during a journey, and the way of each journey, compared with docs/architecture.md."""

from collections.abc import Iterator

import pytest

from tests.support.looking.papers import ARCHITECTURE, differences, stops, walk
from tests.support.servers.buckets import MISSING, bucket_server, weed_program


@pytest.fixture(scope="session")
def bucket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The storage URL of a real server's bucket."""
    program = weed_program()
    if program is None:
        pytest.skip(MISSING)
    with bucket_server(program, tmp_path_factory.mktemp("seaweedfs")) as url:
        yield url


@pytest.fixture(autouse=True)
def way_on_paper(request: pytest.FixtureRequest) -> Iterator[None]:
    """Follow the journey, and fail where the page names another way than it took."""
    name = f"tests/journeys/{request.path.name}: {request.node.originalname}"
    _before, _name, way = ARCHITECTURE.read_text("utf-8").partition(f"`{name}`")
    with walk() as entered:
        yield
    faults = differences(stops(way.partition("\n#")[0]), entered)
    assert not faults, "\n".join([f"docs/architecture.md, {name}, in the order in which it happens:", *faults])
