"""`fledge password`: a new password for who lost theirs, set where the database is."""

from typing import Annotated

import typer

from fledge.cli.database import DatabaseOption, default_database

EXAMPLE = "Example: `fledge password ada`"


def password(
    name: Annotated[
        str, typer.Argument(help="The name that the person logs in with.", show_default=False)
    ],
    database: DatabaseOption = None,
) -> None:
    """Set an account's password, and log it out everywhere.

    The way back in for an owner; others can be given one on the page of people.
    """
    from fledge.database import open_database
    from fledge.errors import NotFound
    from fledge.serve.accounts.passwords import Passwords

    opened = open_database(database or default_database())
    try:
        found = opened.accounts.password_hash(name)
        if found is None:
            known = ", ".join(account.login for account in opened.accounts.list()) or "nobody"
            raise NotFound(f"nobody logs in as {name!r} here; there is: {known}")
        new = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        opened.accounts.change(found[0].id, password_hash=Passwords().hash(new))
        opened.sessions.end_all(found[0].id)
        opened.audit.add(None, "password.set", found[0].login)
    finally:
        opened.close()
    typer.echo(f"The password of {found[0].login} is changed.", err=True)
