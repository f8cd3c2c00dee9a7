"""Router of the account pages: errors become pages, and nothing is kept in a cache."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from fledge.errors import FledgeError
from fledge.serve.errors import ApiError
from fledge.serve.http.error_handlers import from_fledge
from fledge.serve.people.identity import page_of
from fledge.serve.people.paths import path_of
from fledge.serve.show.page import Pages

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def page_router(pages: Pages) -> APIRouter:
    """Return a router that shows errors as pages, with the status that the API would have."""

    class PageRoute(APIRoute):
        """Turn `ApiError` and `FledgeError` into a page."""

        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    response = await handle(request)
                except (ApiError, FledgeError) as error:
                    refusal = error if isinstance(error, ApiError) else from_fledge(error)
                    response = pages.show(
                        request,
                        "problem.html",
                        {"problem": refusal.message, "back": page_of(path_of(request.scope))},
                        status=refusal.status,
                    )
                    for name, value in refusal.response().headers.items():
                        response.headers.setdefault(name, value)
                response.headers["cache-control"] = "no-store"
                return response

            return handler

    return APIRouter(include_in_schema=False, route_class=PageRoute)
