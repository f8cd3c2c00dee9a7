"""Who may do what with rounds, and the board that a server may lack."""

from collections.abc import Callable

from fastapi import Request

from fledge.observe.rounds import RoundsBoard
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.permissions import Permission
from fledge.serve.people.person import Person


def visiting(identity: Identity, permission: Permission) -> Callable[[Request], Person]:
    """Return a dependency that gives the person of a page who has a permission.

    It raises `LoginRequired`, or `ApiError` 403.
    """

    def visitor(request: Request) -> Person:
        person = identity.visitor(request)
        person.require(permission)
        return person

    return visitor


def there(board: RoundsBoard | None) -> RoundsBoard:
    """Return the board. Raises `ApiError` 404 on a server without one."""
    if board is None:
        raise ApiError(
            404,
            "This server serves no place of rounds. `fledge improve PLACE` begins one, and "
            "`fledge serve PLACE` shows it.",
            code="no_rounds",
        )
    return board
