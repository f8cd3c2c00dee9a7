"""A conversation in the terminal: what was typed, what it means, and the answer as it comes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

import fledge
from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import FledgeError
from fledge.generate import SamplingParams
from fledge.generate.text import stream_answer
from fledge.text.conversation import Conversation
from fledge.text.printable import printable

HELP = """\
/help          this list
/reset         forget the conversation
/system TEXT   what the model is told first; without TEXT, show it
/model PATH    go on with another checkpoint; without PATH, show it
/save FILE     append the conversation to a JSONL file, as `fledge sft` reads it
/quit          leave (as does Ctrl-D)
A line that ends with \\ goes on in the next one."""
PROMPT = "you> "
HISTORY_LINES = 1000


class TerminalChat:
    """The state of the chat; `read` and `write` are the terminal's, or a test's."""

    def __init__(
        self,
        checkpoint: Path,
        loaded: LoadedModel,
        sampling: SamplingParams,
        system: str | None = None,
        read: Callable[[str], str] = input,
        write: Callable[[str], None] = lambda text: typer.echo(text, nl=False),
    ) -> None:
        self.checkpoint = checkpoint
        self.loaded = loaded
        self.sampling = sampling
        self.system = system
        self.read = read
        self.write = write
        self.conversation = self._beginning()

    def obey(self, line: str) -> bool:
        """Do what the line says; False when it says to leave."""
        command, _, rest = line.strip().partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "/help": lambda _: self._say(HELP),
            "/reset": lambda _: self._reset(),
            "/system": self._system,
            "/model": self._model,
            "/save": self._save,
        }
        if command in ("/quit", "/exit"):
            return False
        if command in commands:
            commands[command](rest.strip())
        elif command.startswith("/"):
            self._say(f"{command} is unknown here; /help lists what is known")
        elif line.strip():
            self.answer(line)
        return True

    def answer(self, text: str) -> None:
        """Stream the model's answer; Ctrl-C keeps what was said so far."""
        asked = self.conversation.then("user", text)
        said = ""
        try:
            for piece in stream_answer(self.loaded, asked, self.sampling):
                said += piece
                self.write(printable(piece))
        except KeyboardInterrupt:
            self.write(" (stopped)")
        self.write("\n\n")
        self.conversation = asked.then("assistant", said)

    def read_message(self) -> str:
        """One message: lines, as long as each ends with a backslash."""
        line = self.read(PROMPT)
        while line.endswith("\\"):
            line = line[:-1] + "\n" + self.read("...> ")
        return line

    def _beginning(self) -> Conversation:
        return Conversation(()).then("system", self.system) if self.system else Conversation(())

    def _say(self, text: str) -> None:
        self.write(f"{text}\n")

    def _reset(self) -> None:
        self.conversation = self._beginning()
        self._say("The conversation starts again.")

    def _system(self, text: str) -> None:
        if text:
            self.system = text
            self._reset()
        else:
            self._say(self.system or "There is no system prompt.")

    def _model(self, path: str) -> None:
        if path:
            loaded = fledge.load(path)
            loaded.template.check(loaded.tokenizer)
            self.loaded, self.checkpoint = loaded, Path(path)
        self._say(f"The model is {self.checkpoint}.")

    def _save(self, path: str) -> None:
        if not path:
            self._say("/save needs a file: /save chats.jsonl")
            return
        record = {"messages": self.conversation.records()}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._say(f"Saved to {path}.")


def converse(session: TerminalChat) -> None:
    """Read and obey until the user leaves; an error ends a turn, not the chat."""
    session.write(f"{session.checkpoint}; /help for help\n\n")
    while True:
        try:
            line = session.read_message()
        except (EOFError, KeyboardInterrupt):
            session.write("\n")
            return
        except UnicodeDecodeError:
            session.write("error: what was typed is not UTF-8; set the terminal to UTF-8\n")
            continue
        try:
            if not session.obey(line):
                return
        except (FledgeError, OSError) as error:
            session.write(printable(f"error: {error}\n"))


@contextmanager
def remembered_lines() -> Iterator[None]:
    """Arrow keys and history across chats, where Python has readline."""
    try:
        import readline
    except ImportError:  # Windows
        yield
        return
    path = Path(typer.get_app_dir("fledge")) / "history"
    if path.is_file():
        readline.read_history_file(path)
    try:
        yield
    finally:
        readline.set_history_length(HISTORY_LINES)
        path.parent.mkdir(parents=True, exist_ok=True)
        readline.write_history_file(path)
