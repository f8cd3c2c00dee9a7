import math

import pytest
import torch
import torch.nn.functional as F

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import GenerationError
from fledge.inspect.heads.labels import LABELS, HeadLabels, head_scores, label_heads
from fledge.inspect.layers.ablation import removed
from fledge.inspect.layers.capture import Site
from fledge.inspect.reading import reading_of
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from inside import language_model

LENGTH, LETTERS = 12, 32


def weights(length: int, opening: int, target) -> torch.Tensor:
    """One head that gives all attention of token t to token `target(t)`."""
    total = opening + 2 * length
    found = torch.zeros(1, 1, total, total)
    for t in range(total):
        found[0, 0, t, target(t)] = 1
    return found


@pytest.mark.parametrize("opening", [0, 1])
@pytest.mark.parametrize(
    ("label", "target"),
    [
        ("previous", lambda t: max(t - 1, 0)),
        ("itself", lambda t: t),
        ("same", lambda t: max(t - 5, 0)),
        ("first", lambda t: 0),
        ("induction", lambda t: max(t - 4, 0)),
    ],
)
def test_a_perfect_head_of_each_kind_has_its_label(label, target, opening) -> None:
    scores = head_scores(weights(5, opening, target), 5, opening)
    found = HeadLabels(scores)
    assert found.label(1, 1) == label
    assert float(found.score(label)) == 1
    assert found.table().rows[0][:3] == (1, 1, label)


def test_a_head_that_spreads_out_has_no_label() -> None:
    spread = torch.ones(20, 20).tril()
    found = HeadLabels(head_scores((spread / spread.sum(-1, keepdim=True))[None, None], 10))
    assert found.label(1, 1) is None


def copier() -> LoadedModel:
    """Two layers that have learnt to repeat a sequence they have read once."""
    tokenizer = Tokenizer.characters(["".join(map(chr, range(65, 65 + LETTERS)))])
    assert not tokenizer.special_ids & set(range(LETTERS))
    config = GPTConfig.sized(tokenizer.vocabulary_size, 64, width=32, num_layers=2, num_heads=2)
    model, random = GPT(config), torch.Generator().manual_seed(0)
    model.initialise(random)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005, weight_decay=0)
    for _ in range(200):
        loss = copying_loss(model, random)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return LoadedModel(model.eval().requires_grad_(False), tokenizer, ChatTemplate())


def copying_loss(model: GPT, random: torch.Generator) -> torch.Tensor:
    once = torch.randint(0, LETTERS, (32, LENGTH), generator=random)
    ids = torch.cat([once, once], dim=1)
    return F.cross_entropy(model(ids)[:, LENGTH:-1].flatten(0, 1), ids[:, LENGTH + 1 :].flatten())


def test_the_induction_heads_are_what_copies() -> None:
    loaded = copier()
    labels = label_heads(loaded, length=LENGTH)
    heads = [(layer, head) for layer in (1, 2) for head in (1, 2)]
    induction = [
        Site(layer, "head", head)
        for layer, head in heads
        if labels.label(layer, head) == "induction"
    ]
    assert induction and all(site.layer == 2 for site in induction)
    random = torch.Generator().manual_seed(1)
    assert float(copying_loss(loaded.model, random)) < 0.2
    with removed(loaded.model, reading_of(loaded, [1, 2, 3]), induction, "zero"):
        assert float(copying_loss(loaded.model, random)) > 0.7 * math.log(LETTERS)


def test_a_context_without_room_is_refused() -> None:
    with pytest.raises(GenerationError, match="context of 4 tokens"):
        label_heads(language_model(context_length=3))


def test_scores_are_shares() -> None:
    found = label_heads(language_model())
    assert found.scores.shape == (2, 1, len(LABELS))
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert found.grid("first").columns == ("head 1",)
