"""Paths of requests as the routes know them, apart from the prefix that a proxy strips."""

from starlette.types import Scope


def root_of(scope: Scope) -> str:
    """Return the prefix under which a browser sees the server, as `/fledge`; "" for none."""
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    return root


def path_of(scope: Scope) -> str:
    """Return the path without the prefix: `/account` for a browser's `/fledge/account`."""
    path: str = scope["path"]
    return path.removeprefix(root_of(scope))
