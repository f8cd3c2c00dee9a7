"""What is seen in a real terminal while a command works."""

from cli.screen import run_in_terminal, screen

TRAINING = """
import logging, pathlib, time
from fledge.cli.messages import log_to_terminal
from fledge.train.progress import StepReport, for_terminal

log_to_terminal()
bar = for_terminal()
bar.begin("sft", 0, 3, "tokens", pathlib.Path("."))
for step in range(1, 4):
    bar.advance(StepReport(step, 3, 100 * step, 1234.5, {"loss": 1.5}, {"loss": 1.5}))
    logging.getLogger("fledge.stages.doctor").warning("doctor: [/bold] in rollout %d", step)
    bar.evaluated(step, {"accuracy[0]": 0.5})
bar.note("[red]nearly done")
bar.end()
logging.getLogger("fledge").info("after the bar")
"""


def test_log_lines_stand_above_the_bar_and_do_not_tear_it() -> None:
    shown = [line.rstrip() for line in screen(run_in_terminal(TRAINING)) if line.strip()]
    expected = [
        line
        for step in (1, 2, 3)
        for line in (
            f"warning: doctor: [/bold] in rollout {step}",
            f"  step {step}, held out: accuracy[0] 0.5",
        )
    ]
    assert shown[:7] == [*expected, "  [red]nearly done"]
    assert shown[7].startswith("sft ━") and "3/3" in shown[7] and "loss 1.500" in shown[7]
    assert shown[8:] == ["after the bar"]
