import pytest
from transformers import LlamaConfig, MistralConfig

from parity import huggingface_models as parity

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}
CONFIGS = {
    "untied": LlamaConfig(**parity.SMALL, rms_norm_eps=1e-5),
    "tied, wide heads": LlamaConfig(**parity.SMALL, tie_word_embeddings=True, head_dim=10),
    "llama3 rope": LlamaConfig(**parity.SMALL, rope_parameters=LLAMA3),
    "linear rope": LlamaConfig(**parity.SMALL, rope_parameters=LINEAR),
    "dynamic rope": LlamaConfig(**parity.SMALL, rope_parameters=DYNAMIC),
    "mistral": MistralConfig(**parity.SMALL, sliding_window=None),
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
