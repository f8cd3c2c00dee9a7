"""Reports of the records that were left out."""

import logging
from pathlib import Path

from fledge.data.records import Skipped, warn_of_skipped
from fledge.errors import RecordError


def test_skipped_records_are_counted_and_listed_in_one_warning(caplog) -> None:
    skipped = Skipped([RecordError(Path("a.jsonl"), 3, "a prompt", "nothing")])
    with caplog.at_level(logging.INFO):
        warn_of_skipped(skipped)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("1 bad record skipped:\n  a.jsonl:3: ")


def test_nothing_is_said_where_nothing_was_skipped(caplog) -> None:
    with caplog.at_level(logging.INFO):
        warn_of_skipped(None)
        warn_of_skipped(Skipped())
    assert caplog.records == []
