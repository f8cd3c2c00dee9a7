from collections.abc import Iterator

import pytest

from people_server import PeopleServer, people_server


@pytest.fixture
def server() -> Iterator[PeopleServer]:
    with people_server() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[PeopleServer]:
    """For tests that leave no trace that another minds."""
    with people_server() as running:
        yield running
