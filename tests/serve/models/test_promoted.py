"""A place of rounds under one name: promotions and roll-backs reach the chat without a restart."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.promotions import Promotion, add_promotion, now, promoted_model
from fledge.errors import CheckpointError
from fledge.serve.models.loading import named, served_models
from fledge.serve.models.promoted import RETRY_SECONDS, PromotedModel
from fledge.serve.models.registry import ModelRegistry, ServedModel
from fledge.serve.models.shelf import ModelShelf
from tiny_model import write_language_model


def promote(place: Path, number: int, model: str) -> None:
    event = "base" if number == 0 else "promoted"
    add_promotion(
        place, Promotion(event=event, round=number, model=model, at=now(), by="gate", why="better")
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place whose base stands beside it, and whose first round has made a model."""
    place = tmp_path / "home"
    write_language_model(place / "rounds/001/ppo")
    promote(place, 0, str(write_language_model(tmp_path / "base")))
    return place


def served(registry: ModelRegistry) -> ServedModel:
    model = registry["home"]
    assert isinstance(model, ServedModel)
    return model


def test_a_place_stands_for_its_promoted_model(place: Path, tmp_path: Path) -> None:
    assert find_checkpoint(place) == find_checkpoint(tmp_path / "base")
    promote(place, 1, "rounds/001/ppo")
    assert find_checkpoint(place) == place / "rounds/001/ppo/step-00000020"
    assert list(named([str(place)])) == ["home"]
    assert list(named([f"assistant={place}"])) == ["assistant"]


def test_a_promotion_reaches_the_next_request_and_a_roll_back_too(place: Path) -> None:
    registry = ModelRegistry(served_models(named([str(place)])))
    shelf = ModelShelf(None, lambda engine: True)

    async def ask() -> None:
        base = served(registry)
        assert served(registry) is base and base.name == "home"
        before = await shelf.engine(base)
        promote(place, 1, "rounds/001/ppo")
        newer = served(registry)
        assert (newer.id, newer.name) == ("home", "home (round 1)")
        after = await shelf.engine(newer)
        assert after is not before and await shelf.engine(served(registry)) is after
        # A request that was read before the promotion does not bring the old model back.
        assert await shelf.engine(base) is after
        promote(place, 0, str(place.parent / "base"))
        assert served(registry).name == "home" and await shelf.engine(served(registry)) is not after

    asyncio.run(ask())


def test_a_promoted_model_that_is_gone_leaves_the_old_one_answering(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    registry = ModelRegistry(served_models(named([str(place)])))
    base = served(registry)
    promote(place, 2, "rounds/002/ppo")
    with caplog.at_level(logging.ERROR):
        assert served(registry) is base and served(registry) is base
    assert caplog.text.count("the promoted model cannot be served") == 1
    with pytest.raises(CheckpointError, match="is gone; restore it, or return to the one before"):
        promoted_model(place)


def test_a_model_that_is_restored_is_found_and_one_attempt_is_made_every_ten_seconds(
    place: Path,
) -> None:
    seconds, attempts = [0.0], []
    (model,) = served_models(named([str(place)]))
    promoted = PromotedModel(place, lambda: attempts.append(1) or made(), lambda: seconds[0])

    def made() -> ServedModel:
        find_checkpoint(place)
        return model

    base = promoted.first()
    promote(place, 2, "rounds/002/ppo")
    for _ in range(3):
        assert promoted.renew(base) is base
    assert len(attempts) == 2
    write_language_model(place / "rounds/002/ppo")
    assert promoted.renew(base) is base, "not before the next attempt"
    seconds[0] += RETRY_SECONDS
    assert promoted.renew(base).name == "home (round 2)"


def test_an_older_version_that_was_opened_late_replaces_nothing(place: Path) -> None:
    (first,) = served_models(named([str(place)]))
    second, third = (replace(first, version=number, renew=None) for number in (2, 3))
    late = replace(first, renew=lambda _: second)
    registry = ModelRegistry([late])
    registry._offer(third)
    assert late.renew is not None and registry._renewed(late) is third
    assert registry["home"] is third


def test_a_damaged_history_is_named_with_its_line(place: Path) -> None:
    with (place / "promotions.jsonl").open("a", encoding="utf-8") as file:
        file.write("{half a line\n")
    with pytest.raises(CheckpointError, match=r"promotions\.jsonl:2: expected a promotion"):
        find_checkpoint(place)


def test_a_history_of_foreign_bytes_leaves_the_list_and_the_old_model(place: Path) -> None:
    registry = ModelRegistry(served_models(named([str(place)])))
    base = served(registry)
    (place / "promotions.jsonl").write_bytes(b"\xff\n")
    assert [card.id for card in registry.listing().data] == ["home"]
    assert served(registry) is base
