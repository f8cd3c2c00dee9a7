"""The API of folders."""

import pytest

from fledge.database import Account
from people_server import PeopleServer
from serve.web.people_chats import begin, say


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


def create(people: PeopleServer, who: Account, name: str = "Sea") -> str:
    reply = people.ask("POST", "/api/folders", who=who, json={"name": name})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


def listed(people: PeopleServer, who: Account, query: str) -> list[str]:
    reply = people.ask("GET", f"/api/conversations?{query}", who=who)
    return [chat["title"] for chat in reply.json()["conversations"]]


def test_a_folder_from_its_making_to_its_end(people: PeopleServer, ada: Account) -> None:
    sea = create(people, ada, "  Sea  ")
    chat = begin(people, ada, title="Tides", folder_id=sea)
    begin(people, ada, title="Other")
    (shown,) = people.ask("GET", "/api/folders", who=ada).json()["folders"]
    assert (shown["id"], shown["name"], shown["chats"]) == (sea, "Sea", 1)
    renamed = people.ask("PATCH", f"/api/folders/{sea}", who=ada, json={"name": "Lake"}).json()
    assert (renamed["name"], renamed["chats"]) == ("Lake", 1)
    assert listed(people, ada, f"folder={sea}") == ["Tides"]
    assert listed(people, ada, "folder=none") == ["Other"]
    assert listed(people, ada, "") == ["Other", "Tides"]
    exported = people.ask("GET", f"/api/conversations/{chat}/export?format=json", who=ada).json()
    assert exported["folder"] == "Lake"
    body = {"folder_id": None}
    moved = people.ask("PATCH", f"/api/conversations/{chat}", who=ada, json=body).json()
    assert moved["folder_id"] is None
    assert people.ask("DELETE", f"/api/folders/{sea}", who=ada).status_code == 204
    assert people.ask("GET", "/api/folders", who=ada).json() == {"folders": []}
    assert people.ask("GET", f"/api/conversations/{chat}", who=ada).status_code == 200


def test_a_search_in_a_folder_and_everywhere(people: PeopleServer, ada: Account) -> None:
    sea = create(people, ada)
    for title, folder in (("In", sea), ("Out", None)):
        say(people, ada, begin(people, ada, title=title, folder_id=folder), "Why tides?")
    assert listed(people, ada, f"query=tides&folder={sea}") == ["In"]
    assert sorted(listed(people, ada, "query=tides&folder=none")) == ["In", "Out"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b", None, 7])
def test_a_name_is_a_line_of_text(people: PeopleServer, ada: Account, name: object) -> None:
    refused = people.ask("POST", "/api/folders", who=ada, json={"name": name})
    assert refused.status_code == 400


def test_too_many_folders_are_refused_in_words(people: PeopleServer, ada: Account) -> None:
    for number in range(100):
        people.database.folders.create(ada.id, str(number))
    refused = people.ask("POST", "/api/folders", who=ada, json={"name": "one more"})
    assert refused.status_code == 400 and "delete one first" in refused.text
