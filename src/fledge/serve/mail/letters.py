"""Letters that the server sends: plain text, with its name in the subject."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """Mail to one address; `sender_name` stands beside the sender's address."""

    to: str
    sender_name: str
    subject: str
    text: str


def invitation(to: str, server_name: str, inviter: str, link: str) -> Letter:
    """Write to a person who is invited."""
    return Letter(
        to,
        server_name,
        f"You're invited to {server_name}",
        f"Hello,\n\n{one_line(inviter)} has invited you to {server_name}. Create your account "
        f"here:\n\n{link}\n\nThe link works once and expires in seven days. If you weren't "
        "expecting this, you can ignore this e-mail.\n",
    )


def lost_password(to: str, server_name: str, login: str, link: str) -> Letter:
    """Write to a person who has lost their password."""
    return Letter(
        to,
        server_name,
        f"Reset your password for {server_name}",
        f"Hello,\n\nsomeone asked to reset the password of your account “{one_line(login)}” on "
        f"{server_name}. Choose a new password here:\n\n{link}\n\nThe link works once and expires "
        "in one hour. If it wasn't you, ignore this e-mail; your password stays as it is.\n",
    )


def test_mail(to: str, server_name: str) -> Letter:
    """Write to the owner who tries whether mail goes out."""
    return Letter(
        to,
        server_name,
        f"Test e-mail from {server_name}",
        f"Hello,\n\nthis is a test e-mail from {server_name}. Since you are reading it, "
        "invitations and links for lost passwords can be sent too.\n",
    )


def one_line(text: str) -> str:
    """Return a name without line breaks, so that it cannot pass for a part of the letter."""
    return " ".join(text.split())
