import pytest
import torch

from fledge.generate.beam import BeamSettings
from fledge.inspect.attention import cross_attention, merged, self_attention, word_maps
from fledge.inspect.recording import record_translation
from fledge.inspect.words import Word
from fledge.model.attention import record_attention
from model.small_models import GPT2_LIKE, make, random_ids
from recordings import translator


def test_merging_sums_over_source_pieces_and_averages_over_target_pieces() -> None:
    weights = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])[None, None]
    sources = [Word("lovely", 0, 2), Word("day", 2, 3)]
    one_word = merged(weights, [Word("journée", 0, 2)], sources)
    torch.testing.assert_close(one_word[0, 0], torch.tensor([[0.55, 0.45]]))
    two_words = merged(weights, [Word("belle", 0, 1), Word("journée", 1, 2)], sources)
    torch.testing.assert_close(two_words[0, 0], torch.tensor([[0.3, 0.7], [0.8, 0.2]]))


def test_rows_of_merged_maps_sum_to_one() -> None:
    generator = torch.Generator().manual_seed(2)
    weights = torch.randn(2, 3, 5, 7, generator=generator).softmax(dim=-1)
    targets = [Word("a", 0, 3), Word("b", 3, 4), Word("c", 4, 5)]
    sources = [Word("d", 0, 1), Word("e", 1, 5), Word("f", 5, 7)]
    maps = word_maps("cross", weights, targets, sources)
    assert maps.targets == ("a", "b", "c") and maps.sources == ("d", "e", "f")
    assert maps.weights.shape == (2, 3, 3, 3)
    torch.testing.assert_close(maps.weights.sum(dim=-1), torch.ones(2, 3, 3))


def test_weights_under_teacher_forcing_equal_those_of_decoding_step_by_step() -> None:
    loaded = translator()
    model, pad = loaded.model, loaded.model.config.pad_id
    source = torch.tensor(loaded.source_ids("how was your day"))
    inputs = torch.tensor([pad, *loaded.target_ids("comment")[:-1]])
    whole = cross_attention(model, source, inputs)
    assert whole.shape == (3, 2, len(inputs), len(source))

    mask = torch.ones(1, len(source), dtype=torch.bool)
    rows = []
    with torch.inference_mode():
        state = model.start(model.encode(source[None], mask), mask)
        decoder = torch.nn.ModuleList([layer.cross_attention for layer in model.decoder])
        for last in inputs:
            with record_attention(decoder) as maps:
                model.step(last[None], state)
            rows.append(torch.cat(maps))
    torch.testing.assert_close(torch.cat(rows, dim=2), whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("config", [None, GPT2_LIKE], ids=["grouped queries", "GPT-2"])
def test_a_text_sees_itself_and_what_came_before(config: object) -> None:
    model = make() if config is None else make(GPT2_LIKE)
    ids = random_ids(rows=1, length=9)[0]
    weights = self_attention(model, ids)
    assert weights.shape == (2, 4, 9, 9)
    assert not weights.triu(diagonal=1).any()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4, 9))


def test_looking_leaves_no_trace_on_the_model() -> None:
    loaded = translator()
    kernels = [m.kernel for m in loaded.model.modules() if hasattr(m, "kernel")]
    record_translation(loaded, "a dog", BeamSettings(beams=1, max_new_tokens=4))
    assert [m.kernel for m in loaded.model.modules() if hasattr(m, "kernel")] == kernels
