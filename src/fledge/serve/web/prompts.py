"""`/prompts` and `/api/prompts`: texts that people insert into their messages."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, StringConstraints

from fledge.database import Database, Prompt
from fledge.database.prompts import PromptChange
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages
from fledge.serve.web.shapes import Asked

LONGEST_PROMPT = 20_000
"""Characters."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Content = Annotated[str, StringConstraints(pattern=r"\S", max_length=LONGEST_PROMPT)]


class NewPrompt(Asked):
    """Prompt to create; `{{name}}` in its text is a gap to fill in."""

    title: Title
    content: Content
    shared: bool = False


class ChangedPrompt(Asked):
    """Changes of a prompt; fields that are not named stay, and their defaults are never read."""

    title: Title = ""
    content: Content = ""
    shared: bool = False


class PromptShown(BaseModel):
    """Prompt in the library; `is_own` where the person may change it."""

    id: str
    title: str
    content: str
    shared: bool
    is_own: bool
    updated_at: float

    @classmethod
    def of(cls, prompt: Prompt, person: Person) -> "PromptShown":
        """Convert a stored prompt."""
        return cls(
            id=prompt.id,
            title=prompt.title,
            content=prompt.content,
            shared=prompt.shared,
            is_own=prompt.account_id == person.id,
            updated_at=prompt.updated_at,
        )


class PromptList(BaseModel):
    """Prompts that a person may insert, by title."""

    prompts: list[PromptShown]


def prompt_routes(identity: Identity, database: Database, pages: Pages) -> APIRouter:
    """Make the routes of the library and of its page."""
    router = APIRouter(include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)
    prompts = database.prompts

    @router.get("/prompts", response_class=HTMLResponse)
    def page(request: Request, person: Annotated[Person, Depends(identity.visitor)]) -> Response:
        """Show one's own prompts, and the shared ones of others."""
        known = [PromptShown.of(each, person) for each in prompts.list(person.id)]
        context = {
            "own": [each for each in known if each.is_own],
            "others": [each for each in known if not each.is_own],
            "may_share": person.may("staff"),
        }
        return pages.show(request, "prompts.html", context, person=person)

    @router.get("/api/prompts")
    def listing(person: Someone) -> PromptList:
        """Return every prompt that the person may insert."""
        return PromptList(
            prompts=[PromptShown.of(each, person) for each in prompts.list(person.id)]
        )

    @router.post("/api/prompts", status_code=201)
    def create(asked: NewPrompt, person: Someone) -> PromptShown:
        """Create a prompt of one's own; sharing it needs the right to share assistants too."""
        if asked.shared:
            person.require("staff")
        made = prompts.create(person.id, asked.title, asked.content, shared=asked.shared)
        return PromptShown.of(made, person)

    @router.patch("/api/prompts/{prompt_id}")
    def change(prompt_id: str, asked: ChangedPrompt, person: Someone) -> PromptShown:
        """Change a prompt of one's own.

        Everybody reads a shared one, so changing it needs the right to share; one may always stop
        sharing it.
        """
        named = cast(PromptChange, asked.model_dump(exclude_unset=True))
        if named.get("shared", prompts.own(person.id, prompt_id).shared):
            person.require("staff")
        return PromptShown.of(prompts.change(person.id, prompt_id, **named), person)

    @router.delete("/api/prompts/{prompt_id}", status_code=204)
    def remove(prompt_id: str, person: Someone) -> Response:
        """Delete a prompt of one's own."""
        prompts.delete(person.id, prompt_id)
        return Response(status_code=204)

    return router
