import pytest
import torch

from fledge.errors import ConfigError
from fledge.inspect.layers.ablation import ablate, ablate_each
from fledge.inspect.layers.capture import Site
from fledge.inspect.layers.patching import patch
from fledge.inspect.reading import read
from inside import language_model

LOADED = language_model()
READING = read(LOADED, "The tide comes in twice")


def test_the_model_is_the_same_bit_for_bit_once_the_work_is_done() -> None:
    ids = torch.tensor([READING.ids])
    before = LOADED.model(ids)
    found = ablate(LOADED, READING, [Site(1, "head", 1), Site(2)])
    ablate_each(LOADED, READING, "mean")
    with pytest.raises(ConfigError):
        ablate(LOADED, READING, [Site(1), Site(3)])
    assert torch.equal(LOADED.model(ids), before)
    for module in LOADED.model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
    assert found.kl > 0 and found.table().rows


def test_the_answer_is_the_greedy_one_of_the_whole_model_and_of_the_rest() -> None:
    found = ablate(LOADED, READING, [Site(1), Site(2)], max_new_tokens=4)
    banned = torch.tensor(sorted(LOADED.banned_ids))
    for layers, answer in ((2, found.answer_before), (0, found.answer_after)):
        model = language_model().model
        model.blocks = model.blocks[:layers]
        ids, written = list(READING.ids), []
        while len(written) < 4:
            logits = model(torch.tensor([ids]))[0, -1].index_fill(0, banned, float("-inf"))
            if int(logits.argmax()) in LOADED.tokenizer.stop_ids:
                break
            written.append(int(logits.argmax()))
            ids.append(written[-1])
        assert answer == LOADED.tokenizer.decode(written)


def test_each_part_by_itself_is_the_same_as_alone() -> None:
    grid = ablate_each(LOADED, READING)
    alone = [ablate(LOADED, READING, [site]).kl for site in (Site(2, "head", 1), Site(2))]
    assert grid.columns == ("head 1", "feed-forward", "layer")
    assert grid.values[1, [0, 2]].tolist() == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (Site(3), "--layer 3 does not exist: the model's go from 1 to 2"),
        (Site(1, "head", 2), "--head 2 does not exist: the model's go from 1 to 1"),
        (Site(1, "head"), "a head needs a number"),
    ],
)
def test_a_part_that_does_not_exist_is_refused(site: Site, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ablate(LOADED, READING, [site])


def test_patching_everything_restores_the_clean_prompt() -> None:
    clean, corrupted = read(LOADED, "The tide comes in"), read(LOADED, "The tide comes on")
    found = patch(LOADED, clean, corrupted, answer=5, other=9)
    # The last tokens alone differ: the stream there carries the whole difference.
    assert found.effects[:, -1].tolist() == pytest.approx([1, 1], abs=1e-4)
    assert found.effects[:, :-1].abs().max() < 1e-4
    with pytest.raises(ConfigError, match="equal length: the clean one has"):
        patch(LOADED, clean, READING)
    with pytest.raises(ConfigError, match="both answers are"):
        patch(LOADED, clean, corrupted, answer=5, other=5)
