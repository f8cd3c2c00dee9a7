"""Counts of the fields that nobody reads, for one warning a file."""

import logging
from collections import Counter, defaultdict
from pathlib import Path

from fledge.data.records import Located

METADATA = frozenset(
    [
        *("id", "_id", "idx", "index", "row_id", "uid", "uuid", "", "Unnamed: 0"),
        *("__index_level_0__", "conversation_id", "message_id", "prompt_id", "question_id"),
        *("task_id", "tree", "tree_id", "source", "dataset", "data_source", "split", "url"),
        *("license", "author", "model", "category", "topic", "intent", "tags", "lang", "language"),
        *("created", "created_at", "updated_at", "timestamp", "date"),
        *("metadata", "meta", "extra_info", "consent", "guideline", "seconds", "personal"),
    ]
)
"""Fields that tell where a record comes from; no warning names them."""

logger = logging.getLogger(__name__)


class Unread:
    """Counts the fields that nobody reads, in each file of records."""

    def __init__(self) -> None:
        self._records: Counter[Path] = Counter()
        self._fields: defaultdict[Path, Counter[str]] = defaultdict(Counter)

    def note(self, record: Located) -> None:
        """Count the fields that the parser of a record did not ask for."""
        self._records[record.path] += 1
        self._fields[record.path].update(unread_fields(record))

    def warn(self) -> None:
        """Log a warning for each file with such fields."""
        for path, fields in self._fields.items():
            total = self._records[path]
            named = [
                f"{name!r} (in {count:,} of {total:,} records)" for name, count in fields.items()
            ]
            if named:
                logger.warning(
                    "%s: fields that are not read, and teach nothing: %s; docs/data.md lists those "
                    "that are read",
                    path,
                    ", ".join(named),
                )


def unread_fields(record: Located) -> list[str]:
    """List the fields of a parsed record that hold something and that nobody reads."""
    top = (
        name
        for name, value in record.value.items()
        if name not in record.read and name not in METADATA and not is_nothing(value)
    )
    return [*top, *sorted(record.passed_over)]


def is_nothing(value: object) -> bool:
    """Return whether a value has no content: None, or an empty text, list or object."""
    return value is None or value == "" or value == [] or value == {}
