from collections.abc import Iterator

import pytest

from people_server import ROLES, PeopleServer, people_server


@pytest.fixture(scope="session")
def running() -> Iterator[PeopleServer]:
    with people_server(roles=ROLES) as server:
        yield server


@pytest.fixture
def server(running: PeopleServer) -> PeopleServer:
    """With an account of each role, and nothing else."""
    running.start_again()
    return running
