from collections.abc import Iterator

import pytest

from oidc_provider import (
    Browser,
    FakeProvider,
    Served,
    serving,
)
from people_server import PeopleServer


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A server that makes accounts."""
    with serving(creates_accounts=True) as served:
        yield served


@pytest.fixture
def server(served: Served) -> PeopleServer:
    served.start_again(creates_accounts=True)
    return served.server


@pytest.fixture
def fake(served: Served, server: PeopleServer) -> FakeProvider:
    return served.fake


@pytest.fixture
def browser(server: PeopleServer) -> Browser:
    return Browser(server)
