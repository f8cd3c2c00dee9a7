"""The chat page: one Jinja2 template; everything that moves is in `static/`."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from fledge.serve.models import ModelRegistry

PAGES = Path(__file__).parent / "pages"


def page_routes(registry: ModelRegistry, suggestions: Sequence[str]) -> APIRouter:
    """`/`, with the models to choose from and first messages to try."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(directory=PAGES)

    @router.get("/", response_class=HTMLResponse)
    def chat_page(request: Request) -> Response:
        """The page itself holds no text of any chat."""
        context = {"models": list(registry.values()), "suggestions": suggestions}
        return templates.TemplateResponse(request, "chat.html", context)

    return router
