"""Post of a server: write its letters, with links that begin with its public address."""

from collections.abc import Callable

from fledge.serve.errors import ApiError
from fledge.serve.mail import letters
from fledge.serve.mail.outbox import Outbox
from fledge.serve.mail.sending import Mailer
from fledge.serve.people.settings import LiveSettings


class Post:
    """Send letters in the server's name.

    Links never take the host of a request: a stranger could have mail sent that leads elsewhere.
    """

    def __init__(self, mailer: Mailer, settings: LiveSettings) -> None:
        self._mailer = mailer
        self._settings = settings
        self._outbox = Outbox()

    @property
    def sender(self) -> str:
        """Return the address that letters come from."""
        return self._mailer.settings.sender

    @property
    def host(self) -> str:
        """Return the SMTP server as `smtp.example.org:587`."""
        return f"{self._mailer.settings.host}:{self._mailer.settings.port}"

    def link(self, path: str) -> str:
        """Return the public address of a path, as `/invitation/…`."""
        return self._mailer.settings.public_url + path

    def invite(self, to: str, inviter: str, path: str) -> None:
        """Send an invitation. Raises `MailFailed`."""
        self._mailer.send(letters.invitation(to, self._name, inviter, self.link(path)))

    def reset(self, to: str, login: str, path: str) -> None:
        """Send the link that sets a new password. Raises `MailFailed`."""
        self._mailer.send(letters.lost_password(to, self._name, login, self.link(path)))

    def test(self, to: str) -> None:
        """Send a letter that says only that it came. Raises `MailFailed`."""
        self._mailer.send(letters.test_mail(to, self._name))

    def later(self, job: Callable[[], None]) -> None:
        """Do a job beside the requests. Raises `ApiError` 503 where too many are waiting."""
        if not self._outbox.put(job):
            raise ApiError(
                503, "Too many e-mails are waiting to be sent. Try again in a few minutes."
            )

    def wait(self) -> None:
        """Return once every job that was put before has ended."""
        self._outbox.wait()

    def stop(self) -> None:
        """Finish the letter that is being sent; those that wait are dropped."""
        self._outbox.stop()

    @property
    def _name(self) -> str:
        return self._settings.current.server_name


def required(post: Post | None) -> Post:
    """Return the post. Raises `ApiError` 404 on a server that sends no e-mail."""
    if post is None:
        raise ApiError(404, "This server sends no e-mail.", code="not_found")
    return post
