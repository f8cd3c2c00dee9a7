import pytest
import torch

from fledge.errors import ConfigError, GenerationError
from fledge.generate.request import Request, SamplingParams
from fledge.generate.sampler import Sampler
from fledge.generate.sequence import Sequence
from fledge.inspect.prediction.next_token import next_tokens, sampling_steps
from fledge.inspect.reading import read
from fledge.text.conversation import Conversation
from inside import language_model

LOADED = language_model()
TEXT = "The tide comes in twice a day"


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(),
        SamplingParams(temperature=0.7),
        SamplingParams(temperature=1.5, top_k=20, top_p=0.8, min_p=0.1),
        SamplingParams(top_p=0.3),
        SamplingParams(min_p=0.5),
    ],
)
def test_what_is_left_is_what_the_sampler_draws_from(params: SamplingParams) -> None:
    banned = LOADED.banned_ids
    logits = torch.randn(1, 300, generator=torch.Generator().manual_seed(1)) * 3
    row = Sequence(Request("a", (1,), params, banned_ids=banned), 64, torch.Generator())
    sampler = Sampler([row], 300, torch.device("cpu"))
    expected = sampler._scores(logits + sampler._banned)
    found = list(sampling_steps(logits, params, sorted(banned)).values())[-1]
    assert torch.equal(found, expected)


@pytest.mark.parametrize("params", [SamplingParams(temperature=0), SamplingParams(top_p=0)])
def test_greedy_sampling_leaves_the_best_token(params: SamplingParams) -> None:
    found = next_tokens(LOADED, read(LOADED, TEXT), params=params)
    assert found.remaining["greedy"] == 1
    allowed = [one for one in found.alternatives if one.cut != "banned"]
    assert (allowed[0].cut, allowed[0].sampled) == (None, 1.0)
    assert {one.cut for one in allowed[1:]} == {"greedy"}


def test_alternatives_are_the_models_own_at_any_position() -> None:
    reading = read(LOADED, TEXT)
    logits = LOADED.model(torch.tensor([reading.ids]))[0, 3]
    found = next_tokens(LOADED, reading, position=4, count=300)
    assert found.position == 4 and found.after == reading.pieces[3]
    by_id = {one.id: one for one in found.alternatives}
    torch.testing.assert_close(torch.tensor([by_id[i].logit for i in range(300)]), logits)
    assert [one.rank for one in found.alternatives] == list(range(1, 301))
    allowed = logits.index_fill(0, torch.tensor(sorted(LOADED.banned_ids)), float("-inf"))
    probability = torch.tensor([by_id[i].probability for i in range(300)])
    torch.testing.assert_close(probability, allowed.softmax(dim=-1))
    assert found.alternatives[-1].cumulative == pytest.approx(1)
    assert {one.id for one in found.alternatives if one.cut == "banned"} == LOADED.banned_ids


def test_each_filter_is_named_by_what_it_cuts() -> None:
    params = SamplingParams(temperature=0.5, top_k=30, top_p=0.9, min_p=0.2)
    found = next_tokens(LOADED, read(LOADED, TEXT), params=params, count=300)
    cuts = [one.cut for one in found.alternatives if one.cut != "banned"]
    assert found.remaining["top-k"] == 30 == cuts.index("top-k")
    kept = [one for one in found.alternatives if one.cut is None]
    assert found.remaining["min-p"] == len(kept) == sum(one.sampled > 0 for one in kept)
    assert sum(one.sampled for one in kept) == pytest.approx(1)
    assert "top-k" in found.table().to_csv()


def test_a_position_or_text_that_does_not_exist_is_refused() -> None:
    reading = read(LOADED, TEXT)
    with pytest.raises(ConfigError, match=rf"--position 0 .* from 1 to {len(reading.ids)}"):
        next_tokens(LOADED, reading, position=0)
    with pytest.raises(GenerationError, match="empty"):
        read(LOADED, "")
    with pytest.raises(GenerationError, match=r"has \d+ tokens, the model reads at most 64"):
        read(LOADED, TEXT * 20)


def test_a_conversation_is_read_to_the_header_of_the_answer() -> None:
    asked = Conversation(()).then("user", "The tide")
    prompt = read(LOADED, asked)
    answered = read(LOADED, asked.then("assistant", "comes in"))
    assert prompt.start == len(prompt.ids) == answered.start
    assert answered.ids[: answered.start] == prompt.ids
    assert "".join(answered.pieces[answered.start :]).startswith("comes in")


def test_tokens_are_text_and_never_markup() -> None:
    found = next_tokens(LOADED, read(LOADED, "<script>"))._repr_html_()
    assert "<script" not in found
    assert "&gt;" in found
