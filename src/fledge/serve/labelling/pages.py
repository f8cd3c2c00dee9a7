"""Pages of labelling: `/label` for those who label, `/label/manage` for those who keep projects.

A page is a frame; its script reads and writes through `/api/label`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages


def labelling_pages(identity: Identity, pages: Pages) -> APIRouter:
    """Make the routes of all labelling pages; a fixed path comes before one with an id."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.get("/label")
    def projects(request: Request, person: Visitor) -> Response:
        """Show the projects that one may label in."""
        person.require("label")
        return pages.show(request, "label.html", person=person)

    @router.get("/label/manage")
    def managed(request: Request, person: Visitor) -> Response:
        """Show every project, and the form of a new one."""
        person.require("manage_people")
        return pages.show(request, "label_manage.html", person=person)

    @router.get("/label/manage/{project_id}")
    def managed_project(project_id: str, request: Request, person: Visitor) -> Response:
        """Show the progress, tasks, guidelines and settings of a project."""
        person.require("manage_people")
        context = {"project_id": project_id}
        return pages.show(request, "label_project.html", context, person=person)

    @router.get("/label/{project_id}")
    def task(project_id: str, request: Request, person: Visitor) -> Response:
        """Show the next task of a project."""
        person.require("label")
        context = {"project_id": project_id}
        return pages.show(request, "label_task.html", context, person=person)

    return router
