"""A chat in the terminal: commands, messages, and answers as they stream."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import open_language_model
from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import FledgeError
from fledge.generate import FinishReason, SamplingParams
from fledge.generate.text import Answer, stream_answer
from fledge.generate.usual import chat_sampling, longest_answer
from fledge.text.conversation import Conversation
from fledge.text.printable import printable
from fledge.weight_format import WeightFormat

HELP = """\
/help          show this list
/reset         start a new conversation
/system TEXT   set the system prompt and start anew; without TEXT, show it
/model PATH    switch to another checkpoint; without PATH, show the present one
/save FILE     append the conversation to a JSONL file that `fledge sft` reads
/quit          leave (or press Ctrl-D)
A line that ends with \\ continues on the next line."""
PROMPT = "you> "
HISTORY_LINES = 1000
ENDINGS: Mapping[FinishReason, str] = {
    "length": "\n(stopped: the answer reached its length limit)",
    "repetition": "\n(stopped: the answer repeated itself)",
}
"""Notes on answers that did not end by themselves."""


class TerminalChat:
    """The state of a chat; `read` and `write` connect it to the terminal."""

    def __init__(
        self,
        checkpoint: Path,
        loaded: LoadedModel,
        sampling: SamplingParams,
        system: str | None = None,
        read: Callable[[str], str] = input,
        write: Callable[[str], None] = lambda text: typer.echo(text, nl=False),
        weights: WeightFormat = "auto",
    ) -> None:
        """Settings that are not set in `sampling` are those that suit the model.

        `weights` is the number format of models that are switched to.
        """
        self.checkpoint = checkpoint
        self.loaded = loaded
        self.sampling = sampling
        self.system = system
        self.read = read
        self.write = write
        self.weights = weights
        self.conversation = self._beginning()

    def obey(self, line: str) -> bool:
        """Carry out a command or answer a message; return False to leave."""
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
            self._say(f"There is no command {command}; /help lists the commands.")
        elif line.strip():
            self.answer(line)
        return True

    def answer(self, text: str) -> None:
        """Stream the model's answer; Ctrl-C stops it, and the part so far counts as the answer."""
        asked = self.conversation.then("user", text)
        said: list[str] = []
        try:
            ending = self._stream(asked, said)
        except KeyboardInterrupt:
            ending = " (stopped)"
        self.write(f"{ending}\n\n")
        self.conversation = asked.then("assistant", "".join(said))

    def _stream(self, asked: Conversation, said: list[str]) -> str:
        """Write each piece of the answer and add it to `said`; return a note on the end."""
        longest = longest_answer(self.loaded.model.config.context_length)
        sampling = chat_sampling(self.loaded.recommended, self.sampling, longest)
        pieces = stream_answer(self.loaded, asked, sampling)
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                answer: Answer = end.value
                return ENDINGS.get(answer.finish_reason, "")
            said.append(piece)
            self.write(printable(piece))

    def read_message(self) -> str:
        """Read one message, whose lines but the last end with a backslash."""
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
        self._say("A new conversation has begun.")

    def _system(self, text: str) -> None:
        if text:
            self.system = text
            self._reset()
        else:
            self._say(self.system or "There is no system prompt.")

    def _model(self, path: str) -> None:
        if path:
            loaded = open_language_model(find_checkpoint(Path(path)), self.weights)
            loaded.template.check(loaded.tokenizer)
            self.loaded, self.checkpoint = loaded, Path(path)
        self._say(f"The model is {self.checkpoint}.")

    def _save(self, path: str) -> None:
        if not path:
            self._say("/save needs a file name, such as: /save chats.jsonl")
            return
        record = {"messages": self.conversation.records()}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._say(f"Saved to {path}.")


def converse(session: TerminalChat) -> None:
    """Read and carry out lines until the user leaves; an error ends a turn, not the chat."""
    session.write(f"{session.checkpoint}; type /help for help\n\n")
    while True:
        try:
            line = session.read_message()
        except (EOFError, KeyboardInterrupt):
            session.write("\n")
            return
        except UnicodeDecodeError:
            session.write("error: the line is not UTF-8; set the terminal to UTF-8\n")
            continue
        try:
            if not session.obey(line):
                return
        except (FledgeError, OSError) as error:
            session.write(printable(f"error: {error}\n"))


@contextmanager
def remembered_lines() -> Iterator[None]:
    """Offer arrow keys and history across chats, where Python has readline."""
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
