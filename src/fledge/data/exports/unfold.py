"""Records of other tools' exports, each opened into the records of fledge's own that it holds."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from fledge.data.exports.argilla import is_record, records_of_record
from fledge.data.exports.label_studio import is_task, records_of_task
from fledge.data.exports.oasst import is_tree, records_of_tree
from fledge.data.exports.open_webui import is_feedback, records_of_feedback
from fledge.data.exports.shape import Fields
from fledge.data.records import Located

Kind = Literal["demonstrations", "rankings", "prompts", "judgements"]
"""Kinds of records that a reader may want; judgements are rankings and ratings."""

_log = logging.getLogger(__name__)

LISTED = 10
"""Parts that are named in a warning; the others are counted."""


class Tool(NamedTuple):
    """One tool: how its records are recognised and opened, and which fields hold their ids."""

    name: str
    recognises: Callable[[Fields], bool]
    opens: Callable[[Located], Iterator[Fields]]
    ids: tuple[str, ...]


TOOLS = (
    Tool("OpenAssistant", is_tree, records_of_tree, ("message_tree_id",)),
    Tool("Label Studio", is_task, records_of_task, ("id",)),
    Tool("Open WebUI", is_feedback, records_of_feedback, ("id",)),
    Tool("Argilla", is_record, records_of_record, ("id", "external_id")),
)


class Unfolding:
    """Opens the records of exports and passes all others on; it refuses an id that comes twice."""

    def __init__(self, kind: Kind | None) -> None:
        self._kind = kind
        self._line_of: dict[tuple[Path, object], int] = {}
        self._opened: Counter[tuple[Path, str]] = Counter()
        self._empty: Counter[tuple[Path, str]] = Counter()
        self._unread: Counter[tuple[Path, str]] = Counter()
        self._named: dict[tuple[Path, str], list[str]] = defaultdict(list)

    def __call__(self, record: Located) -> list[Located]:
        """Return the records of the wanted kind that a record holds.

        Raises:
            RecordError: an id came before, or the record is not what its tool writes.
        """
        tool = None if self._kind is None else _tool_of(record)
        if tool is None:
            return [record]
        self._refuse_second(record, tool)
        made = [fields for fields in tool.opens(record) if self._wants(fields)]
        self._note_unread(record, tool)
        if self._kind == "prompts":
            made = _different_prompts(made)
        self._opened[record.path, tool.name] += 1
        self._empty[record.path, tool.name] += not made
        return [Located(record.path, record.line, fields) for fields in made]

    def tell(self) -> None:
        """Log which parts of exports were not read, and how many records held nothing wanted."""
        for (path, tool), count in self._unread.items():
            named = self._named[path, tool]
            more = f"; and {count - len(named):,} more" if count > len(named) else ""
            _log.warning(
                "%s: %d parts of records of %s are not read: %s%s",
                *(path, count, tool, "; ".join(named), more),
            )
        for (path, tool), empty in self._empty.items():
            if empty:
                total = self._opened[path, tool]
                _log.warning(
                    "%s: %d of %d records of %s hold no %s",
                    *(path, empty, total, tool, self._kind),
                )

    def _wants(self, fields: Fields) -> bool:
        if self._kind == "prompts":
            return True
        holds = _kind_of(fields)
        return holds == self._kind or (self._kind == "judgements" and holds != "demonstrations")

    def _note_unread(self, record: Located, tool: Tool) -> None:
        place = (record.path, tool.name)
        for part in sorted(record.passed_over):
            self._unread[place] += 1
            if len(self._named[place]) < LISTED:
                self._named[place].append(f"{record.path.name}:{record.line}: {part}")

    def _refuse_second(self, record: Located, tool: Tool) -> None:
        id_ = next((one for name in tool.ids if (one := record.value.get(name)) is not None), None)
        if id_ is None:
            return
        first = self._line_of.setdefault((record.path, str(id_)), record.line)
        if first != record.line:
            found = f"{id_!r}, which record {first} has too"
            raise record.error(f"an id of its own in each record of {tool.name}", found)


def _tool_of(record: Located) -> Tool | None:
    return next((tool for tool in TOOLS if tool.recognises(record.value)), None)


def _kind_of(fields: Fields) -> str:
    if "ranking" in fields:
        return "rankings"
    return "ratings" if "rating" in fields else "demonstrations"


def _different_prompts(made: list[Fields]) -> list[Fields]:
    """Return the prompt of each record, once."""
    prompts: dict[str, Fields] = {}
    for fields in made:
        messages = fields.get("messages")
        turns = messages[:-1] if isinstance(messages, list) else fields["prompt"]
        assert isinstance(turns, list), "every tool's records have their prompts as messages"
        prompts.setdefault(repr([(t["role"], t["content"]) for t in turns]), {"prompt": turns})
    return list(prompts.values())
