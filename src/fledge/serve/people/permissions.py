"""Roles and their permissions, in one table."""

from collections.abc import Mapping
from typing import Literal

from fledge.database import Role

Permission = Literal["chat", "label", "staff", "manage_people", "manage_server"]

ROLES: tuple[Role, ...] = ("owner", "admin", "labeller", "user")
"""Roles from the most powerful to the least."""

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "user": frozenset({"chat"}),
    "labeller": frozenset({"chat", "label"}),
    "admin": frozenset({"chat", "label", "staff", "manage_people"}),
    "owner": frozenset({"chat", "label", "staff", "manage_people", "manage_server"}),
}
"""Permissions of each role.

chat: the pages, the API, one's own account. label: rank and write for training. staff: answer
people in shared assistants, share assistants. manage_people: accounts, invitations, limits, usage
and audit of all. manage_server: settings, and making or changing owners.
"""

REASONS: Mapping[Permission, str] = {
    "chat": "chatting",
    "label": "labelling",
    "staff": "answering for the team",
    "manage_people": "managing people",
    "manage_server": "managing the server",
}


def may_appoint(actor: Role, role: Role) -> bool:
    """Return whether an `actor` may give or take a role: admins lower ones, owners every one."""
    if actor == "owner":
        return True
    return "manage_people" in PERMISSIONS[actor] and ROLES.index(role) > ROLES.index(actor)
