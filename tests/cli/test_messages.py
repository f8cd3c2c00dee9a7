"""Errors, warnings and log lines as the user reads them on stderr."""

import logging

import pytest

from cli.screen import run_in_terminal
from fledge.cli.messages import log_to_terminal, print_error, print_stopped, print_warning

WARNING = """
import logging
from fledge.cli.messages import log_to_terminal

log_to_terminal()
logging.getLogger("fledge").info("step 1")
logging.getLogger("fledge").warning("2 bad records skipped")
"""


@pytest.fixture
def logger():
    logger = logging.getLogger("fledge")
    before = logger.handlers, logger.level, logger.propagate
    log_to_terminal()
    yield logger
    logger.handlers, logger.level, logger.propagate = before


def test_messages_carry_their_label(capsys) -> None:
    print_error("no such file")
    print_warning("a record is left out:\n  data.jsonl:2")
    print_stopped("at step 3")
    expected = ["error: no such file", "warning: a record is left out:", "  data.jsonl:2"]
    assert capsys.readouterr().err.splitlines() == [*expected, "stopped: at step 3"]


def test_only_log_lines_that_warn_are_labelled(logger, capsys) -> None:
    logger.debug("tensors")
    logger.info("step 1")
    logger.warning("%d bad records skipped", 2)
    logger.error("not saved")
    expected = ["step 1", "warning: 2 bad records skipped", "error: not saved"]
    assert capsys.readouterr().err.splitlines() == expected


def test_a_log_line_cannot_command_the_terminal(logger, capsys) -> None:
    logger.info("read \x1b[2Jdata.jsonl")
    logger.warning("skipped \x1b]0;title\x07")
    assert capsys.readouterr().err == "read [2Jdata.jsonl\nwarning: skipped ]0;title\n"


def test_a_message_about_data_is_printed_once(logger, capsys) -> None:
    data, training = logger.getChild("data.rendering"), logger.getChild("train.watch")
    for name in ("a.jsonl", "b.jsonl", "a.jsonl"):
        data.warning("%s: 2 of 9 rankings are left out", name)
        training.warning("the loss jumped")
    err = capsys.readouterr().err
    assert err.count("a.jsonl: 2 of 9") == err.count("b.jsonl: 2 of 9") == 1
    assert err.count("the loss jumped") == 3
    log_to_terminal()
    data.warning("%s: 2 of 9 rankings are left out", "a.jsonl")
    assert "a.jsonl" in capsys.readouterr().err


def test_the_label_of_a_warning_is_coloured_in_a_terminal_alone() -> None:
    received = run_in_terminal(WARNING)
    assert "\x1b[33m\x1b[1mwarning:\x1b[0m 2 bad records skipped" in received
    assert "step 1\r\n" in received and "\x1b" not in received.partition("step 1")[0]
