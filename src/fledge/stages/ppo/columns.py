"""Columns of the prompts' files, which reward functions take by their names."""

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fledge.data.records import Located, Placed, Skipped, did_you_mean, refuse, shown
from fledge.errors import ConfigError
from fledge.text.conversation import Conversation

logger = logging.getLogger(__name__)

Ids = tuple[int, ...]
Row = Mapping[str, object]
"""Fields of one record by name."""

OF_EVERY_FUNCTION = 2
"""Parameters that every reward function has first: prompts and responses."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns that a function names in its parameters, after prompts and responses.

    A parameter with a default is optional. `every` is True for a function with `**columns`. `own`
    are the names of its first two parameters, which no column may have.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    every: bool = False
    own: tuple[str, ...] = ()

    @classmethod
    def of(cls, function: Callable[..., object]) -> "Wanted":
        """Read a function's signature; functions written in C may have none, and take no column."""
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except ValueError:
            return cls()
        kind = inspect.Parameter
        in_order = (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD)
        first = [one for one in parameters if one.kind in in_order][:OF_EVERY_FUNCTION]
        rest = [
            one
            for one in parameters
            if one not in first and one.kind in (*in_order, kind.KEYWORD_ONLY)
        ]
        return cls(
            required=tuple(one.name for one in rest if one.default is kind.empty),
            optional=tuple(one.name for one in rest if one.default is not kind.empty),
            every=any(one.kind is kind.VAR_KEYWORD for one in parameters),
            own=tuple(one.name for one in first if one.kind is kind.POSITIONAL_OR_KEYWORD),
        )

    def names(self, name: str) -> bool:
        """Tell whether a parameter is named like this column."""
        return name in self.required or name in self.optional

    def chosen(self, rows: Iterable[Row], files: Sequence[str]) -> tuple[str, ...]:
        """Return the columns to pass, out of those that any of `rows` has.

        Raises:
            ConfigError: a parameter without a default names no column, or a column is named like
                one of the first two parameters.
        """
        found = dict.fromkeys(name for row in rows for name in row)
        where = ", ".join(files)
        missing = [name for name in self.required if name not in found]
        if missing:
            raise ConfigError(
                f"reward function: its parameters {', '.join(missing)} name no columns of {where}, "
                f"which has: {', '.join(found)}{did_you_mean(missing, found)}. Rename them, or "
                "give them defaults"
            )
        chosen = tuple(name for name in found if self.every or self.names(name))
        clash = [name for name in chosen if name in self.own]
        if clash:
            raise ConfigError(
                f"reward function: {where} has a column {clash[0]!r}, but the function's parameter "
                "of that name holds all prompts or all responses; rename one of them"
            )
        return chosen


ANYTHING = Wanted(every=True)
"""Columns of a function that is not known yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt, with all fields of its record."""

    conversation: Conversation
    row: Row


def asked_by(
    prompt_from: Callable[[Located], Conversation], wanted: Sequence[Wanted]
) -> Callable[[Located], Asked]:
    """Return a parser that keeps the record; fields that a function takes count as read."""

    def parse(record: Located) -> Asked:
        conversation = prompt_from(record)
        taken = (n for n in record.value if any(one.every or one.names(n) for one in wanted))
        record.read.update(taken)
        return Asked(conversation, record.value)

    return parse


def rows_by_ids(
    placed: Iterable[Placed[Asked]],
    ids_of: Mapping[Conversation, Ids],
    wanted: Sequence[Wanted],
    skipped: Skipped | None,
) -> dict[Ids, Row]:
    """Return the record of each prompt; of a prompt that occurs twice, the first.

    Raises:
        RecordError: a prompt occurs twice, and a column that a parameter names differs, unless
            `skipped` collects it. Where `**columns` takes all, the log warns instead.
    """
    firsts: dict[Ids, Placed[Asked]] = {}
    differing: dict[str, int] = {}
    for one in placed:
        ids = ids_of.get(one.item.conversation)
        if ids is None or firsts.setdefault(ids, one) is one:
            continue
        first = firsts[ids]
        for name in different(first.item.row, one.item.row):
            if any(each.names(name) for each in wanted):
                same = f"the same {name!r} as at {first.path}:{first.line}, which asks the same"
                refuse(one.error(same, shown(one.item.row.get(name))), skipped)
            elif any(each.every and each is not ANYTHING for each in wanted):
                differing[name] = differing.get(name, 0) + 1
    if differing:
        counted = ", ".join(f"{name} ({count:,})" for name, count in differing.items())
        logger.warning(
            "some prompts occur in several records, of which **columns has the first; the others "
            "differ in: %s",
            counted,
        )
    return {ids: one.item.row for ids, one in firsts.items()}


def different(one: Row, other: Row) -> list[str]:
    """List the fields in which two records differ."""
    return [name for name in dict.fromkeys((*one, *other)) if one.get(name) != other.get(name)]
