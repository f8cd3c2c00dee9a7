"""Hand letters to the SMTP server, in bounded time, and say why one was not taken."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from fledge.errors import FledgeError
from fledge.serve.mail.letters import Letter
from fledge.serve.mail.settings import MailSettings

STEP_SECONDS = 10.0
"""Seconds for one reply of the SMTP server."""
WHOLE_SECONDS = 30.0
"""Seconds for a letter after the greeting, also where the answers come byte by byte."""


class MailFailed(FledgeError):
    """The SMTP server did not take a letter; only owners and admins are told why."""


class Mailer:
    """Send letters one by one, each over a connection of its own."""

    def __init__(
        self,
        settings: MailSettings,
        clock: Callable[[], float],
        *,
        step_seconds: float = STEP_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        """`clock` gives seconds since 1970."""
        self.settings = settings
        self._clock = clock
        self._step_seconds = step_seconds
        self._whole_seconds = whole_seconds

    def send(self, letter: Letter) -> None:
        """Return once the SMTP server has taken the letter.

        Raises:
            MailFailed: it has not; the message says what the owner can do.
        """
        settings = self.settings
        try:
            message = compose(letter, settings.sender, self._clock())
            with closing(self._connect()) as client, cut_off(client, self._whole_seconds):
                if settings.security == "starttls":
                    client.starttls(context=encryption())
                if settings.user is not None:
                    client.login(settings.user, settings.password)
                client.send_message(message, settings.sender, [letter.to])
                # The letter is taken; a server that hangs up early loses nothing.
                with suppress(smtplib.SMTPException, OSError):
                    client.quit()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            where = f"{settings.host}:{settings.port}"
            raise MailFailed(f"the e-mail was not sent: {where} {reason(error)}") from error

    def _connect(self) -> smtplib.SMTP:
        settings = self.settings
        name = settings.sender.rpartition("@")[2]
        host, port, seconds = settings.host, settings.port, self._step_seconds
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                host, port, local_hostname=name, timeout=seconds, context=encryption()
            )
        return smtplib.SMTP(host, port, local_hostname=name, timeout=seconds)


@contextmanager
def cut_off(client: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cut the connection after some seconds. Raises `TimeoutError` then."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        if client.sock is not None:
            with suppress(OSError):  # closed in this moment
                socket.socket.shutdown(client.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def encryption() -> ssl.SSLContext:
    """Return the system's rules: the certificate is checked, and so is the name in it."""
    return ssl.create_default_context()


def compose(letter: Letter, sender: str, now: float) -> EmailMessage:
    """Return the message; a line break in a header is refused by its policy (`ValueError`)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(letter.sender_name, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = formatdate(now)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    encoded = "7bit" if letter.text.isascii() else "quoted-printable"
    message.set_content(letter.text, cte=encoded)
    return message


def reason(error: Exception) -> str:
    """Say what the SMTP server did, and which option to look at."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"refused the login ({said(error)}); check --smtp-user and its password"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"refused the recipient ({code} {shown(text)}); check the address"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"refused the sender ({said(error)}); check --mail-from"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"cannot do that ({shown(str(error))}); check --smtp-security and --smtp-user"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answered {said(error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no valid certificate ({error.verify_message}); check --smtp-host"
    if isinstance(error, ssl.SSLError):
        return "does not speak TLS there; check --smtp-security and --smtp-port"
    # smtplib tells of its own timeout as of a closed connection.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "did not answer in time; check --smtp-host and --smtp-port"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionResetError):
        return "closed the connection; check --smtp-security and --smtp-port"
    if isinstance(error, OSError):
        return f"cannot be reached ({error.strerror or error}); check --smtp-host and --smtp-port"
    return f"was not asked, because the letter has no valid form ({shown(str(error))})"


def said(error: smtplib.SMTPResponseException) -> str:
    """Return the code and the text that the SMTP server answered with."""
    return f"{error.smtp_code} {shown(error.smtp_error)}".strip()


def shown(text: bytes | str) -> str:
    """Return the beginning of a server's text in one printable line."""
    whole = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(c if c.isprintable() else " " for c in whole).split())[:200]
