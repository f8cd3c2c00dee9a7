import json
from collections.abc import Callable, Iterator

import pytest

from people_server import ROLES, PeopleServer, people_server


@pytest.fixture(scope="session")
def people_running() -> Iterator[PeopleServer]:
    with people_server(roles=ROLES) as made:
        yield made


@pytest.fixture
def people(people_running: PeopleServer) -> PeopleServer:
    """A server with an account of each role, and nothing else."""
    people_running.start_again()
    return people_running


@pytest.fixture
def call(people: PeopleServer) -> Callable[..., dict]:
    """The JSON of a request by a role, which must succeed or have the wanted status."""

    def called(
        role: str, method: str, path: str, body: object = None, status: int = 0, **options: object
    ) -> dict:
        if body is not None:
            options["json"] = body
        reply = people.ask(method, f"/api/label/{path}", people.people_of[role], **options)
        assert reply.status_code == status or (not status and reply.is_success), reply.text
        return json.loads(reply.text or "{}")

    return called
