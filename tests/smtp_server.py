"""A small SMTP server in a thread: it keeps what it takes, and fails as a test wants."""

import queue
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from fledge.serve.mail.settings import MailSettings, Security

PUBLIC = "https://chat.example.org"
SENDER = "fledge@example.org"


@dataclass
class Taken:
    """A letter as it came over the wire."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        return str(self.message.get_content())

    @property
    def link(self) -> str:
        found = re.search(r"https?://\S+", self.text)
        assert found is not None, self.text
        return found[0]


@dataclass
class SmtpServer:
    """`replies` replaces the answer to a verb; `said` has every line of the clients."""

    port: int
    replies: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    letters: queue.Queue[Taken] = field(default_factory=queue.Queue)
    context: ssl.SSLContext | None = None
    released: threading.Event = field(default_factory=threading.Event)

    def settings(self, security: Security = "none", user: str | None = None) -> MailSettings:
        return MailSettings("127.0.0.1", self.port, security, user, "secret", SENDER, PUBLIC)

    def taken(self) -> Taken:
        return self.letters.get(timeout=10)


class Conversation(socketserver.StreamRequestHandler):
    """One connection. A reply of "" is silence until the test ends; "!" hangs up."""

    def handle(self) -> None:
        server: SmtpServer = self.server.kept  # type: ignore[attr-defined]
        self.letter = Taken("", [], b"")
        if not self.reply(server, "connect", "220 ready"):
            return
        while line := self.rfile.readline():
            text = line.decode().rstrip("\r\n")
            server.said.append(text)
            verb = text.split(" ")[0].split(":")[0].lower()
            if not self.answer(server, verb, text):
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def answer(self, server: SmtpServer, verb: str, text: str) -> bool:
        """Reply to a command; return False once the connection is over."""
        usual = {"ehlo": "250-small\r\n250-AUTH PLAIN\r\n250 STARTTLS", "data": "354 go on"}
        usual |= {"quit": "221 bye", "auth": "235 in", "starttls": "220 go on"}
        if not self.reply(server, verb, usual.get(verb, "250 fine")):
            return False
        if verb == "mail":
            self.letter = Taken(re.findall("<(.*?)>", text)[0], [], b"")
        if verb == "rcpt":
            self.letter.recipients += re.findall("<(.*?)>", text)
        if verb == "data" and "data" not in server.replies:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            self.letter.content = b"".join(lines)
            server.letters.put(self.letter)
            return self.reply(server, "sent", "250 taken")
        if verb == "starttls" and server.context is not None:
            self.request = server.context.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        return verb != "quit"

    def reply(self, server: SmtpServer, verb: str, usual: str) -> bool:
        said = server.replies.get(verb, usual)
        if said == "":
            server.released.wait(20)
        if said in ("", "!"):
            return False
        for piece in said if said.endswith(" drip") else [f"{said}\r\n"]:
            self.wfile.write(piece.encode())
            if said.endswith(" drip"):
                server.released.wait(0.1)
        return True


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


@contextmanager
def smtp_server(
    context: ssl.SSLContext | None = None, *, tls: bool = False
) -> Iterator[SmtpServer]:
    """Serve until the test ends; with `tls` from the first byte on."""
    with Listener(("127.0.0.1", 0), Conversation) as listener:
        kept = SmtpServer(listener.server_address[1], context=context)
        if tls:
            assert context is not None
            listener.socket = context.wrap_socket(
                listener.socket, server_side=True, do_handshake_on_connect=False
            )
        listener.kept = kept  # type: ignore[attr-defined]
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield kept
        finally:
            kept.released.set()
            listener.shutdown()
            thread.join()
