import io
import logging

import pytest
from rich.console import Console
from rich.progress import Progress as RichProgress

from fledge.train.progress import (
    BarProgress,
    LogProgress,
    Several,
    StepReport,
    TensorBoardProgress,
    TimesColumn,
    in_words,
)


def report(step, loss=1.5):
    metrics = {"loss": loss, "accuracy": 0.25, "gradient_norm": 3.0}
    headline = {"loss": loss, "right": 0.25}
    return StepReport(step, 10, 100 * step, 1234.5, metrics, headline)


def tell(progress, output):
    progress.begin("sft", 0, 10, "tokens", output)
    progress.advance(report(1))
    progress.evaluated(1, {"bits_per_byte": 2.0})
    progress.note("mind the gap")
    progress.advance(report(10))
    progress.end()


def test_log_lines_say_step_loss_and_rate(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        tell(LogProgress(), tmp_path)
    assert "sft: step 1/10, loss 1.5, right 0.25, 1,234 tokens/s" in caplog.text
    assert "gradient_norm" not in caplog.text  # which metrics.jsonl has
    assert "held out: bits_per_byte 2" in caplog.text
    assert "mind the gap" in caplog.text


def test_log_lines_keep_their_distance_but_the_last_step_is_told(tmp_path, caplog):
    progress = LogProgress(seconds_between_lines=1000.0)
    with caplog.at_level(logging.INFO):
        progress.begin("sft", 0, 10, "tokens", tmp_path)
        for step in range(1, 11):
            progress.advance(report(step))
    assert caplog.text.count("tokens/s") == 2


def test_the_bar_shows_loss_rate_and_time_left(tmp_path):
    text = io.StringIO()
    tell(
        BarProgress(Console(file=text, force_terminal=True, color_system=None, width=120)), tmp_path
    )
    for words in ("sft", "10/10", "loss 1.500", "right 0.250", "1,234 tokens/s"):
        assert words in text.getvalue()
    assert "bits_per_byte 2" in text.getvalue() and "0 s gone" in text.getvalue()


def test_elapsed_and_remaining_time_are_told_apart():
    times = TimesColumn()
    bar = RichProgress(times, get_time=lambda: clock, console=Console(file=io.StringIO()))
    clock = 0.0
    task = bar.add_task("sft", total=40)
    clock = 10.0
    bar.update(task, completed=1)
    assert times.render(bar.tasks[0]).plain == "10 s gone"  # one step tells no speed yet
    clock = 20.0
    bar.update(task, completed=2)
    assert times.render(bar.tasks[0]).plain == "20 s gone, 6 min left"
    clock = 400.0
    bar.update(task, completed=40)
    assert times.render(bar.tasks[0]).plain == "7 min gone"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (5969.0, "99 min"), (12e3, "3 h 20 min")],
)
def test_times_are_said_in_words(seconds, words):
    assert in_words(seconds) == words


def test_tensorboard_gets_every_curve_once_even_after_a_resume(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tell(TensorBoardProgress(), tmp_path)
    again = TensorBoardProgress()
    again.begin("sft", 1, 10, "tokens", tmp_path)
    again.advance(report(10, loss=0.5))
    again.end()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1.5), (10, 0.5)]
    assert "held_out/bits_per_byte" in events.Tags()["scalars"]


def test_several_watchers_hear_the_same(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        tell(Several([LogProgress(), LogProgress()]), tmp_path)
    assert caplog.text.count("mind the gap") == 2


def test_the_bar_of_a_corpus_shows_how_much_of_it_is_done_and_ends_full():
    text = io.StringIO()
    bar = BarProgress(Console(file=text, force_terminal=True, color_system=None, width=120))
    with bar.preparing("encoding the text") as tell:
        tell(2_000_000, 4_000_000)
        tell(3_000_000, 4_000_000)
    assert "encoding the text" in text.getvalue() and "4.0/4.0 MB" in text.getvalue()


def test_log_lines_of_a_corpus_keep_their_distance(caplog):
    with caplog.at_level(logging.INFO):
        for pause in (0.0, 1000.0):
            with Several([LogProgress(pause)]).preparing("encoding the text") as tell:
                tell(2_000_000, 4_000_000)
                tell(3_000_000, None)
    assert [record.getMessage() for record in caplog.records] == [
        "encoding the text",
        "encoding the text: 2 of 4 MB",
        "encoding the text: 3 MB",
        "encoding the text",
    ]
