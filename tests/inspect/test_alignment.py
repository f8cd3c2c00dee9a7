import torch

from fledge.inspect.alignment import (
    alignment_scores,
    best_head,
    habits,
    influence,
    selectivity_scores,
)
from fledge.inspect.words import Word
from recordings import translator


def test_influence_is_what_hiding_a_word_costs() -> None:
    loaded = translator()
    model = loaded.model
    source = torch.tensor(loaded.source_ids("how was your day"))
    targets = torch.tensor(loaded.target_ids("un chien"))
    inputs = torch.tensor([model.config.pad_id, *targets[:-1].tolist()])
    source_words = [Word("x", i, i + 1) for i in range(len(source))]
    source_words[0:2] = [Word("x", 0, 2)]
    target_words = [Word("y", 0, 2), *(Word("y", i, i + 1) for i in range(2, len(targets)))]
    found = influence(model, source, inputs, targets, target_words, source_words)
    assert found.shape == (len(target_words), len(source_words))

    def log_probs(mask: torch.Tensor) -> torch.Tensor:
        logits = model(source[None], mask[None], inputs[None])[0]
        return logits.log_softmax(dim=-1)[torch.arange(len(targets)), targets]

    mask = torch.ones(len(source), dtype=torch.bool)
    with torch.inference_mode():
        whole = log_probs(mask)
        mask[:2] = False
        drop = whole - log_probs(mask)
    assert torch.isclose(found[0, 0], drop[:2].sum().relu(), atol=1e-5)
    assert torch.isclose(found[1, 0], drop[2].relu(), atol=1e-5)
    assert (found > 0).any() and (found >= 0).all()


def test_the_aligned_head_is_the_one_that_looks_at_the_words_that_matter() -> None:
    matters = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    rests_at_the_end = torch.tensor([[0.0, 0.0, 1.0]]).expand(3, 3)
    looks_ahead = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    aligns = torch.eye(3)
    blurred = torch.full((3, 3), 1 / 3)
    weights = torch.stack([rests_at_the_end, looks_ahead, blurred, aligns]).view(2, 2, 3, 3)
    scores = alignment_scores(weights, matters)
    # blurred: (2 · 1/3 + 1 · 1/3) / (2 + 1)
    torch.testing.assert_close(scores, torch.tensor([[0.0, 0.0], [1 / 3, 1.0]]))
    best = best_head(scores)
    assert (best.layer, best.head, best.score) == (1, 1, 1.0)


def test_where_nothing_matters_no_head_aligns() -> None:
    scores = alignment_scores(torch.full((1, 2, 3, 3), 1 / 3), torch.zeros(3, 3))
    assert torch.equal(scores, torch.zeros(1, 2))
    assert best_head(scores).head == 0


def test_a_selective_head_chooses_a_word_further_back() -> None:
    length = 5
    previous = torch.eye(length).roll(-1, dims=1).tril()
    previous[0, 0] = 1.0
    first = torch.zeros(length, length)
    first[:, 0] = 1.0
    chooses = first.clone()
    chooses[3] = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
    chooses[4] = torch.tensor([0.0, 0.0, 0.5, 0.5, 0.0])
    weights = torch.stack([previous, first, chooses])[None]
    torch.testing.assert_close(selectivity_scores(weights), torch.tensor([[0.0, 0.0, 0.75]]))
    assert torch.equal(selectivity_scores(weights[..., :3, :3]), torch.zeros(1, 3))


def test_habits_are_named() -> None:
    length = 6
    itself = torch.eye(length)
    previous = torch.eye(length).roll(1, dims=0).tril()
    previous[0, 0] = 1.0
    first = torch.zeros(length, length)
    first[:, 0] = 1.0
    even = torch.ones(length, length).tril()
    even = even / even.sum(dim=-1, keepdim=True)
    weights = torch.stack([itself, previous, first, even])[None]
    assert habits(weights, "self") == [["itself", "previous", "first", None]]
    assert habits(weights[..., :3, :3], "self") == [[None] * 4]
    assert habits(torch.stack([first.flip(1), even])[None], "cross") == [["end", None]]
