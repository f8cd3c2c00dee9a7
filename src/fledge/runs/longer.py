"""Words for a finished run that goes on because its length was raised."""

from fledge.train.optimizer import OptimizerConfig
from fledge.train.schedule import rate_fraction

BLIND_TO_THE_LENGTH = ("constant", "inverse_sqrt")
"""Schedules whose rate at a step does not depend on the number of steps."""


def how_it_goes_on(optimizer: OptimizerConfig, done: int) -> str | None:
    """Tell what the schedule makes of a run that had finished after `done` steps.

    Return None where it goes on as a run that had the larger number from the start.
    """
    schedule, rate = optimizer.schedule, optimizer.learning_rate
    if schedule in BLIND_TO_THE_LENGTH:
        return None
    text = (
        f"the run had finished at step {done:,} and goes on, on the {schedule} schedule of its new "
        "length"
    )
    if optimizer.steps is not None:
        before, after = _rate(optimizer, done, done), _rate(optimizer, done + 1, optimizer.steps)
        text += f": the learning rate goes from {rate * before:.2g} to {rate * after:.2g}"
    return (
        f"{text}. Its weights are not those of a run begun with that length; a constant schedule "
        "would give those"
    )


def _rate(optimizer: OptimizerConfig, step: int, steps: int) -> float:
    return rate_fraction(
        optimizer.schedule,
        step,
        steps,
        optimizer.warmup_steps,
        optimizer.final_fraction,
        optimizer.decay_fraction,
    )
