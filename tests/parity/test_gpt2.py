import pytest
from transformers import GPT2Config

from parity import huggingface_models as parity

SMALL = {"vocab_size": 97, "n_positions": 48, "n_embd": 28, "n_layer": 2, "n_head": 4}
IDS = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
CONFIGS = {
    "tied": GPT2Config(**SMALL, **IDS),
    "untied, narrow": GPT2Config(**SMALL, **IDS, n_inner=36, tie_word_embeddings=False),
}


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS))
def model(request):
    return parity.theirs(CONFIGS[request.param])


def test_logits_and_gradients_with_left_padding_equal(model):
    parity.check_logits_and_gradients(model)


def test_cached_steps_equal(model):
    parity.check_cached_steps(model)


def test_greedy_ids_equal(model):
    parity.check_greedy_ids(model)


def test_directories_open_in_both_directions(model, tmp_path):
    parity.check_both_directions(model, tmp_path)


def test_reward_model_is_their_classifier(model, tmp_path):
    parity.check_classifier(model, tmp_path)


def test_reward_model_round_trip_keeps_the_bias(model, tmp_path):
    parity.check_scalar_round_trip(model, tmp_path)


def test_settings_survive_their_layout(model):
    parity.check_written_config_reads_back(model)
