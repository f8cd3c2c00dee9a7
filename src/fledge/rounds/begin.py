"""Begin a round, or find the one that goes on; found the place of a first round."""

from collections.abc import Iterable
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.promotions import (
    BASE,
    Promotion,
    add_promotion,
    is_place,
    now,
    read_promotions,
)
from fledge.errors import CheckpointError, ConfigError
from fledge.rounds.config import RoundConfig
from fledge.rounds.files import RoundFiles, read_json, rounds_of, write_json
from fledge.rounds.history import leave_out, withdrawn
from fledge.rounds.intake import MANIFEST
from fledge.rounds.past import Begun, start_without
from fledge.runs.differences import differences

FREE_TO_CHANGE = ("runtime", "skip_bad", "gate")
"""Settings that may differ when a round goes on, since they change no model."""


def begin(
    place: Path, base: Path | None, config: RoundConfig | None, left_out: Iterable[str]
) -> tuple[RoundFiles, Begun]:
    """Return the unfinished round of a place, or else a new one; without `config`, as before.

    Raises:
        ConfigError: a new place has no base, an old one has another base, or the unfinished round
            began with other settings.
        CheckpointError: the model to start from is gone.
    """
    _found(place, base)
    rounds = rounds_of(place)
    newest = rounds[-1] if rounds else None
    if newest is not None and _is_unfinished(newest):
        begun = read_json(newest.settings, Begun)
        _refuse_withdrawn(place, newest, begun)
        _refuse_another(newest, begun, config, tuple(left_out))
        _check_still_there(place, newest, begun)
        return newest, begun if config is None else begun.model_copy(update={"config": config})
    config = _with_shares(place, config or settings_before(place))
    everybody = leave_out(place, left_out)
    start, current = start_without(place, everybody), read_promotions(place)[-1]
    for promotion in (start, current):
        _check_there(place, promotion)
    last = 0 if newest is None else newest.number
    # A round without data has done nothing yet, and begins anew.
    without_data = newest is not None and not newest.gate.is_file()
    files = RoundFiles(place, last if without_data else last + 1)
    begun = Begun(
        config=config,
        start_round=start.round,
        start=start.model,
        current=current.model,
        left_out=everybody,
        at=now(),
    )
    write_json(files.settings, begun)
    return files, begun


def _is_unfinished(files: RoundFiles) -> bool:
    """Tell whether a round took its data in and has no verdict yet."""
    return (files.given / MANIFEST).is_file() and not files.gate.is_file()


def settings_before(place: Path) -> RoundConfig:
    """Return the settings of the newest round of a place, or the defaults."""
    begun = [files for files in rounds_of(place) if files.settings.is_file()]
    return read_json(begun[-1].settings, Begun).config if begun else RoundConfig()


def _found(place: Path, base: Path | None) -> None:
    """Begin the history of a new place with its base."""
    if is_place(place):
        first = read_promotions(place)[0]
        if base is not None and (place / first.model).resolve() != base.resolve():
            raise ConfigError(
                f"{place} began with another base, {first.model}; leave --base out, or choose "
                "another place"
            )
        return
    if base is None:
        raise ConfigError(
            f"{place}: no rounds here yet; name the chat model to improve: --base CHECKPOINT"
        )
    if place.is_dir() and any(entry.name != "lock" for entry in place.iterdir()):
        raise ConfigError(f"{place} holds something else than rounds; choose another place")
    find_checkpoint(base)
    first = Promotion(
        event="base",
        round=BASE,
        model=str(base.resolve()),
        at=now(),
        by="the beginning",
        why="the model before the first round",
    )
    add_promotion(place, first)


def _refuse_another(
    files: RoundFiles, begun: Begun, config: RoundConfig | None, left_out: tuple[str, ...]
) -> None:
    found: list[str] = []
    if config is not None:
        here, there = (each.model_dump(mode="json") for each in (config, begun.config))
        found = differences(here, there, FREE_TO_CHANGE)
    new = [person for person in left_out if person not in begun.left_out]
    if new:
        found.append(f"{', '.join(new)} shall be left out here, but not there")
    if found:
        raise ConfigError(
            f"{files.root}: this round is unfinished and began otherwise: {'; '.join(found)}. "
            "Leave the changes out to go on with it, or give it up: fledge rounds give-up"
        )


def _refuse_withdrawn(place: Path, files: RoundFiles, begun: Begun) -> None:
    """Refuse to go on with the records of people who were left out since the round began."""
    people = withdrawn(place, files, begun)
    if people:
        raise ConfigError(
            f"{files.root}: {', '.join(people)} shall be left out, and this unfinished round uses "
            f"their records; give it up: fledge rounds give-up {place}. The next round does "
            "without them"
        )


def _with_shares(place: Path, config: RoundConfig) -> RoundConfig:
    """Check that the shares are those of the rounds before: a prompt must not change its share."""
    before = [files for files in rounds_of(place) if files.settings.is_file()]
    if not before:
        return config
    fixed = read_json(before[0].settings, Begun).config.shares
    if config.shares != fixed and "shares" in config.model_fields_set:
        raise ConfigError(
            f"{place}: the shares of prompts were fixed when it began (held_out "
            f"{fixed.held_out:g}, judge {fixed.judge:g}), so that no held-out prompt is ever "
            "trained on; leave them as they are, or choose another place"
        )
    return config.model_copy(update={"shares": fixed})


def _check_still_there(place: Path, files: RoundFiles, begun: Begun) -> None:
    for model in (begun.start, begun.current):
        try:
            find_checkpoint(place / model)
        except CheckpointError as error:
            raise CheckpointError(
                f"{error}. The unfinished round {files.number} needs it; restore it, or give the "
                f"round up: fledge rounds give-up {place}"
            ) from error


def _check_there(place: Path, promotion: Promotion) -> None:
    try:
        find_checkpoint(place / promotion.model)
    except CheckpointError as error:
        raise CheckpointError(
            f"{error}. This round would start from it or be compared with it; restore it, or "
            f"return to another model: fledge rounds roll-back {place}"
        ) from error
