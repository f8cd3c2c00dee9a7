"""Files that an assistant knows: how they are cut, found, cited, replaced and forgotten."""

import pytest

from fledge.database import Account
from fledge.serve.web.assistants import routes
from fledge.serve.web.assistants.knowledge import (
    MOST_PASSAGES_OF_FILE,
    TooManyPassages,
    passages_of,
)
from linear import RUNS, assert_linear
from people_server import PeopleServer
from serve.web.people_chats import begin, say

PATH = "/api/assistants"


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


def assistant(people: PeopleServer, who: Account, **fields: object) -> str:
    reply = people.ask("POST", PATH, who=who, json={"name": "Desk", **fields})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


def teach(people: PeopleServer, who: Account, id_: str, name: str, text: str) -> dict:
    body = {"name": name, "text": text}
    reply = people.ask("POST", f"{PATH}/{id_}/documents", who=who, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


def citations(people: PeopleServer, who: Account, id_: str, question: str) -> list[tuple]:
    """Number, name and text of each passage that stands before the answer of a new chat."""
    chat = begin(people, who, assistant_id=id_)
    answer = say(people, who, chat, question)[1]
    cited = people.database.messages.get(who.id, answer).details.get("citations", [])
    return [(each["number"], each["name"], each["text"]) for each in cited]


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_separator_inside_a_line_begins_no_heading_and_stays(mark: str) -> None:
    passage = passages_of(f"# Parcels\nA parcel{mark}# costs 5.")
    assert [(each.heading, each.content) for each in passage] == [
        ("Parcels", f"A parcel{mark}# costs 5.")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_markdown_has_them(end: str) -> None:
    found = passages_of(end.join(["# Parcels", "A parcel costs 5.", "# Letters", "A stamp.", ""]))
    assert [(each.heading, each.content) for each in found] == [
        ("Parcels", "A parcel costs 5."),
        ("Letters", "A stamp."),
    ]


def test_the_best_passages_are_cited_with_their_file_and_heading(
    people: PeopleServer, ada: Account
) -> None:
    id_ = assistant(people, ada)
    teach(people, ada, id_, "a.md", "Lead\n\n# Parcels\nA parcel costs 5.\n\n# Letters\nA stamp.")
    teach(people, ada, id_, "b.txt", "No parcel on Sunday.")
    found = citations(people, ada, id_, "parcel Sunday")
    assert found[0] == (1, "b.txt", "No parcel on Sunday.")
    assert found[1:] == [(2, "a.md: Parcels", "A parcel costs 5.")]
    assert citations(people, ada, id_, "Zeppelin") == []


def test_a_file_of_the_same_name_replaces_the_first(people: PeopleServer, ada: Account) -> None:
    id_ = assistant(people, ada)
    first = teach(people, ada, id_, "a.md", "Open at nine.")
    second = teach(people, ada, id_, "a.md", "Open at ten.")
    shown = people.ask("GET", f"{PATH}/{id_}", who=ada).json()["documents"]
    assert shown == [{"id": second["id"], "name": "a.md", "size": len("Open at ten.")}]
    assert first["id"] != second["id"]
    assert [text for _, _, text in citations(people, ada, id_, "open")] == ["Open at ten."]


def test_a_file_is_forgotten_by_its_owner_once(people: PeopleServer, ada: Account) -> None:
    id_ = assistant(people, ada)
    document = teach(people, ada, id_, "a.md", "Open at nine.")["id"]
    path = f"{PATH}/{id_}/documents/{document}"
    assert people.ask("DELETE", path, who=people.people_of["owner"]).status_code == 404
    assert citations(people, ada, id_, "open") != []
    assert people.ask("DELETE", path, who=ada).status_code == 204
    assert people.ask("DELETE", path, who=ada).status_code == 404
    assert citations(people, ada, id_, "open") == []


def test_passages_take_a_third_of_the_context_at_most(people: PeopleServer, ada: Account) -> None:
    """The model reads 128 tokens, about 512 characters: 170 are for passages."""
    id_ = assistant(people, ada)
    teach(people, ada, id_, "a.md", "Tides " + "x" * 100)
    teach(people, ada, id_, "b.md", "Tides " + "y" * 58)
    teach(people, ada, id_, "c.md", "Tides " + "z" * 300)
    names = [name for _, name, _ in citations(people, ada, id_, "tides")]
    assert names == ["a.md", "b.md"], "64 and 106 characters fit exactly, 306 do not"


def test_no_more_than_four_passages_are_cited(people: PeopleServer, ada: Account) -> None:
    id_ = assistant(people, ada)
    for number in range(6):
        teach(people, ada, id_, f"{number}.md", f"Tide {number}")
    assert [number for number, _, _ in citations(people, ada, id_, "tide")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a.md", "text": "x" * 2_000_000}, 201),
        ({"name": "a.md", "text": "x" * 2_000_001}, 400),
        ({"name": "a.md", "text": ""}, 400),
        ({"name": "a.md", "text": " \n\n "}, 400),
        ({"name": "a.md", "text": "# Only a heading"}, 400),
        ({"name": "  ", "text": "x"}, 400),
        ({"name": "x" * 255, "text": "x"}, 201),
        ({"name": "x" * 256, "text": "x"}, 400),
        ({"name": "a.md"}, 400),
        ({"name": "a.md", "text": "a\0b"}, 400),
        ({"name": "a.md", "text": "x", "path": "/etc"}, 400),
    ],
)
def test_a_file_is_text_of_a_bounded_length(
    people: PeopleServer, ada: Account, body: dict[str, object], status: int
) -> None:
    id_ = assistant(people, ada)
    reply = people.ask("POST", f"{PATH}/{id_}/documents", who=ada, json=body)
    assert reply.status_code == status, reply.text[:200]
    shown = people.ask("GET", f"{PATH}/{id_}", who=ada).json()["documents"]
    assert len(shown) == (status == 201)


def test_a_hundred_files_are_the_most(people: PeopleServer, ada: Account) -> None:
    id_ = assistant(people, ada)
    add = people.database.knowledge.add
    for number in range(99):
        add(ada.id, id_, f"{number}.md", [])
    teach(people, ada, id_, "last.md", "x")
    refused = people.ask(
        "POST", f"{PATH}/{id_}/documents", who=ada, json={"name": "more.md", "text": "x"}
    )
    assert refused.status_code == 400 and "at most 100 files" in refused.text
    teach(people, ada, id_, "last.md", "one of them may be replaced")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "x" * 100}, 201),
        ({"name": "x" * 101}, 400),
        ({"name": " "}, 400),
        ({"description": "x" * 501}, 400),
        ({"greeting": "x" * 2_001}, 400),
        ({"suggestions": ["x"] * 12}, 201),
        ({"suggestions": ["x"] * 13}, 400),
        ({"suggestions": ["x" * 301]}, 400),
        ({"suggestions": [" "]}, 400),
        ({"sampling": {"temperature": 3}}, 400),
        ({"owner": "me"}, 400),
        ({"shared": True}, 403),
        ({"allowed_origins": ["https://shop.example"]}, 403),
        ({"shared": False, "allowed_origins": []}, 201),
    ],
)
def test_an_assistant_is_made_within_bounds_and_shared_by_the_staff_only(
    people: PeopleServer, ada: Account, fields: dict[str, object], status: int
) -> None:
    reply = people.ask("POST", PATH, who=ada, json={"name": "Desk", **fields})
    assert reply.status_code == status, reply.text
    assert len(people.database.assistants.list(ada.id)) == (status == 201)


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        ("https://Shop.Example/path?x#y", "https://shop.example"),
        (" http://localhost:3000 ", "http://localhost:3000"),
        ("https://shop.example; script-src *", None),
        ("https://*.example", None),
        ("javascript:alert(1)", None),
        ("ftp://shop.example", None),
        ("shop.example", None),
        ("https://user@shop.example", None),
        ("https://", None),
        ("https://" + "x" * 250 + ".example", None),
    ],
)
def test_a_page_that_may_embed_is_named_by_its_origin_alone(
    people: PeopleServer, origin: str, kept: str | None
) -> None:
    owner = people.people_of["owner"]
    fields = {"name": "Desk", "allowed_origins": [origin]}
    reply = people.ask("POST", PATH, who=owner, json=fields)
    if kept is None:
        assert reply.status_code == 400
        assert reply.json()["error"]["param"].startswith("allowed_origins")
    else:
        assert reply.json()["allowed_origins"] == [kept]


def test_a_change_names_what_changes_and_leaves_the_rest(
    people: PeopleServer, ada: Account
) -> None:
    fields = {"description": "D", "greeting": "G", "suggestions": ["S"], "sampling": {"seed": 1}}
    id_ = assistant(people, ada, **fields)
    before = people.ask("GET", f"{PATH}/{id_}", who=ada).json()
    assert before["is_own"] is True and before["documents"] == []
    for change in ({"greeting": ""}, {"sampling": {}}, {"suggestions": []}, {"name": "New"}):
        after = people.ask("PATCH", f"{PATH}/{id_}", who=ada, json=change).json()
        assert after == {**before, **change}
        before = after
    assert people.ask("DELETE", f"{PATH}/{id_}", who=ada).status_code == 204
    assert people.ask("GET", f"{PATH}/{id_}", who=ada).status_code == 404


@pytest.mark.parametrize("unit", [*RUNS, "# ", "# a #", "#\t", "# a\n\n"])
def test_a_file_is_cut_in_linear_time(unit: str) -> None:
    def cut(text: str) -> None:
        for each in (text, f"# {text}", f"# a{text}\nb"):
            passages_of(each)

    assert_linear(cut, unit, 40_000)


def test_a_heading_is_read_with_and_without_marks_at_its_end() -> None:
    text = "# a #\nb\n#b\n##\tc  d ##  \ne\n#\nf\n####### g\n```\n# no\n```"
    found = [(each.heading, each.content) for each in passages_of(text)]
    assert found == [("a", "b\n#b"), ("c  d", "e"), ("", "f\n####### g\n```\n# no\n```")]


def test_a_file_of_very_many_headings_is_refused(people: PeopleServer, ada: Account) -> None:
    assert len(passages_of("# a\nb\n" * MOST_PASSAGES_OF_FILE)) == MOST_PASSAGES_OF_FILE
    with pytest.raises(TooManyPassages, match="more than 10,000 passages"):
        passages_of("# a\nb\n" * (MOST_PASSAGES_OF_FILE + 2))
    id_ = assistant(people, ada)
    body = {"name": "a.md", "text": "# a\nb\n" * 280_000}
    reply = people.ask("POST", f"{PATH}/{id_}/documents", who=ada, json=body)
    assert reply.status_code == 400 and "split it into several files" in reply.text


def test_the_files_of_an_assistant_have_a_size_together(
    people: PeopleServer, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MOST_BYTES", 10)
    id_ = assistant(people, ada)
    teach(people, ada, id_, "a.md", "tides")
    teach(people, ada, id_, "b.md", "tides")
    for text, status in (("tide", 201), ("éé é", 400), ("tides", 201)):
        body = {"name": "b.md", "text": text}
        reply = people.ask("POST", f"{PATH}/{id_}/documents", who=ada, json=body)
        assert reply.status_code == status, text
