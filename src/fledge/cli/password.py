"""`fledge password`: set a new password on the machine with the database."""

from typing import Annotated

import typer

from fledge.cli.database import DatabaseOption, default_database

EXAMPLE = "Example: `fledge password ada`"


def password(
    name: Annotated[
        str, typer.Argument(metavar="USERNAME", help="Username of the account.", show_default=False)
    ],
    database: DatabaseOption = None,
) -> None:
    """Set an account's password, and log it out everywhere.

    Use it if an owner cannot log in; owners can give others a new password on the People page.
    """
    from fledge.database import open_database
    from fledge.errors import NotFound
    from fledge.serve.accounts.passwords import Passwords

    opened = open_database(database or default_database())
    try:
        found = opened.accounts.password_hash(name)
        if found is None:
            known = ", ".join(account.login for account in opened.accounts.list()) or "none"
            raise NotFound(f"there is no username {name!r} here; usernames: {known}")
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        opened.accounts.change(found[0].id, password_hash=Passwords().hash(new))
        opened.sessions.end_all(found[0].id)
        opened.audit.add(None, "password.set", found[0].login)
    finally:
        opened.close()
    typer.echo(f"The password of {found[0].login} was changed.", err=True)
