"""Embeddings and scores against the model's own logits, text by text."""

import pytest
import torch

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from tiny_model import tiny_model

PROMPTS = [(5, 6, 7), (8,), (9, 10, 11, 12, 13, 14)]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(tiny_model(40, 32), max_batch=2)


@torch.inference_mode()
def test_an_embedding_is_the_mean_of_the_final_hidden_states_at_length_1(engine: Engine) -> None:
    for prompt, vector in zip(PROMPTS, engine.embed(PROMPTS), strict=True):
        mean = engine.model.hidden(torch.tensor([prompt]))[0].mean(dim=0)
        expected = mean / mean.norm()
        torch.testing.assert_close(torch.tensor(vector), expected)


def test_an_embedding_does_not_depend_on_its_company(engine: Engine) -> None:
    together = torch.tensor(engine.embed(PROMPTS))
    alone = torch.tensor([engine.embed([prompt])[0] for prompt in PROMPTS])
    torch.testing.assert_close(together, alone)


@torch.inference_mode()
def test_scores_are_the_log_probabilities_of_the_text(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fledge.generate.scoring.SCORED_TOGETHER", 2)
    prompt = PROMPTS[2]
    first, *rest = engine.score(prompt, 3)
    assert (first.token_id, first.log_prob, first.alternatives) == (9, None, ())
    log_probs = engine.model(torch.tensor([prompt]))[0].log_softmax(dim=-1)
    for position, token in enumerate(rest):
        assert token.token_id == prompt[position + 1]
        expected = log_probs[position, token.token_id].item()
        assert token.log_prob == pytest.approx(expected, abs=1e-5)
        best = log_probs[position].topk(3)
        assert [id_ for id_, _ in token.alternatives] == best.indices.tolist()


def test_a_written_text_scores_as_it_was_written(engine: Engine) -> None:
    sampling = SamplingParams(seed=1, max_new_tokens=8)
    (written,) = engine.generate([Request("a", PROMPTS[0], sampling)])
    scored = engine.score(PROMPTS[0] + written.ids, 0)[len(PROMPTS[0]) :]
    assert [token.token_id for token in scored] == list(written.ids)
    assert [token.log_prob for token in scored] == pytest.approx(written.log_probs, abs=1e-4)


def test_a_single_token_has_no_score(engine: Engine) -> None:
    (only,) = engine.score((3,), 2)
    assert only.log_prob is None


def test_reading_disturbs_no_one_who_writes(engine: Engine) -> None:
    request = Request("a", PROMPTS[0], SamplingParams(temperature=0, max_new_tokens=6))
    (alone,) = engine.generate([request])
    engine.submit(request)
    ids = []
    while engine.busy:
        ids += [event.token_id for event in engine.step()]
        engine.embed(PROMPTS)
        engine.score(PROMPTS[2], 1)
    assert tuple(ids) == alone.ids


def test_the_load_counts_rows_the_line_and_the_cache(engine: Engine) -> None:
    for name in "abc":
        engine.submit(Request(name, PROMPTS[0], SamplingParams(temperature=0, max_new_tokens=4)))
    assert engine.load().waiting == 3
    engine.step()
    load = engine.load()
    assert (load.running, load.waiting) == (2, 1)
    assert 0 < load.cache_usage < 1
    engine.reset()
    assert not engine.busy and engine.load().running == 0
    (after,) = engine.generate(
        [Request("a", PROMPTS[0], SamplingParams(temperature=0, max_new_tokens=4))]
    )
    assert len(after.ids) == 4
