from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from serve.api.other_server import Other, behind


@pytest.fixture(scope="module")
def behind_other() -> Iterator[tuple[Other, TestClient]]:
    other = Other()
    with behind(other) as relay:
        yield other, relay


@pytest.fixture
def other(behind_other: tuple[Other, TestClient]) -> Other:
    """The server behind ours, in its best health."""
    behind_other[0].error, behind_other[0].asked = None, []
    return behind_other[0]


@pytest.fixture
def relay(behind_other: tuple[Other, TestClient]) -> TestClient:
    """A client of our server, which has the other's model only."""
    return behind_other[1]
