"""Frames of the labelling pages: who sees them, and what they lead to."""

import pytest

from people_server import PeopleServer


@pytest.mark.parametrize("path", ["/label", "/label/0123abc", "/label/manage", "/label/manage/01"])
def test_a_frame_names_its_project_and_scripts(people: PeopleServer, path: str) -> None:
    page = people.ask("GET", path, who=people.people_of["admin"])
    assert page.status_code == 200
    assert 'href="/label" aria-current="page"' in page.text
    assert ('data-project="0123abc"' in page.text) == (path == "/label/0123abc")
    assert ("/static/label-draft.js" in page.text) == (path == "/label/0123abc"), "loaded at once"


def test_only_managers_are_led_to_the_projects(people: PeopleServer) -> None:
    for role, is_led in (("labeller", False), ("admin", True), ("owner", True)):
        page = people.ask("GET", "/label", who=people.people_of[role]).text
        assert ('href="/label/manage"' in page) == is_led, role


@pytest.mark.parametrize("path", ["/label", "/label/0123abc", "/label/manage", "/label/manage/01"])
def test_a_user_is_told_why_a_page_is_closed(people: PeopleServer, path: str) -> None:
    page = people.ask("GET", path, who=people.people_of["user"], headers={"accept": "text/html"})
    reason = "labelling" if "manage" not in path else "managing people"
    assert page.status_code == 403
    assert f"Your role (user) doesn&#39;t allow {reason}." in page.text
