"""Doors of labelling: who labels, and who manages projects."""

from collections.abc import Callable

from fastapi import Request

from fledge.serve.people.identity import Identity
from fledge.serve.people.permissions import Permission
from fledge.serve.people.person import Person


def allowed(identity: Identity, permission: Permission) -> Callable[[Request], Person]:
    """Return a dependency that gives the asking person, whose role needs the permission.

    It raises `ApiError` 401 or 403, before the body is read.
    """

    def asking(request: Request) -> Person:
        person = identity.person(request)
        person.require(permission)
        return person

    return asking
