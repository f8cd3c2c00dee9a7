import pytest
from transformers import Qwen2Config, Qwen3Config

from parity import huggingface_models as parity

ROPE = {"rope_type": "default", "rope_theta": 1_000_000.0}
CONFIGS = {
    "qwen2": Qwen2Config(**parity.SMALL, rope_parameters=ROPE),
    "qwen2 tied": Qwen2Config(**parity.SMALL, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**parity.SMALL, head_dim=10, rope_parameters=ROPE),
    "qwen3 tied": Qwen3Config(**parity.SMALL, head_dim=6, tie_word_embeddings=True),
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
