"""A trained checkpoint translates in `transformers` as it does here: ids, scores and text."""

import pytest
import torch
from transformers import AutoTokenizer, MarianMTModel

from fledge.checkpoint.translation_files import load_translation_model
from fledge.generate.beam import BeamSettings
from fledge.generate.translation import translate
from stages.translate.translators import LEARNT, train

SENTENCES = [
    "a green dog sleeps",
    "this small bird sings",
    "a big grey wolf drinks",
    "this horse",
    "a a black black cat cat plays runs",
    "green",
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Trained just enough that its hypotheses differ and are not yet certain."""
    return train(tmp_path_factory.mktemp("trained"), steps=60, **LEARNT)


@pytest.mark.parametrize("beams, alpha, best", [(1, 1.0, 1), (4, 1.0, 4), (4, 0.6, 2), (3, 2.0, 1)])
def test_greedy_and_beam_are_those_of_marian_generate(checkpoint, beams, alpha, best):
    theirs = MarianMTModel.from_pretrained(checkpoint).eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    loaded = load_translation_model(checkpoint)
    inputs = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    limit = loaded.model.config.context_length
    expected = theirs.generate(
        **inputs,
        num_beams=beams,
        num_return_sequences=best,
        length_penalty=alpha,
        max_length=limit,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
    )
    settings = BeamSettings(beams=beams, alpha=alpha, best=best, max_new_tokens=limit - 1)
    found = [one for each in translate(loaded, SENTENCES, settings) for one in each]
    for one, row in zip(found, expected.sequences[:, 1:].tolist(), strict=True):
        assert list(one.ids) == row[: len(one.ids)]
        assert set(row[len(one.ids) :]) <= {loaded.model.config.pad_id}
    texts = tokenizer.batch_decode(expected.sequences, skip_special_tokens=True)
    assert [one.text for one in found] == texts
    if beams > 1:
        scores = torch.tensor([one.score for one in found])
        torch.testing.assert_close(scores, expected.sequences_scores, atol=1e-5, rtol=0)
