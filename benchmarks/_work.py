"""Work that a task cannot avoid: operations of a step and bytes of decoding, counted by hand.

Multiplying and adding count as two operations. Norms, activations, softmax and the optimiser are
left out, and so is what a program computes in vain: padding, or the upper half of causal scores.
"""

from dataclasses import dataclass

from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, parameters, training_flops
from fledge.model.transformer_config import TransformerConfig

TRAINING = "6 for each number of a matrix and token, and 6 L (H d) T a token for causal attention"
"""Formula of a training step's operations, as the tables explain it."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work of one round: operations in a number format, or bytes to read ("read")."""

    amount: float
    kind: str


def matrices(config: GPTConfig) -> int:
    """Count the numbers of all matrices in the layers, without the output's."""
    return training_flops(config, 0) // 6 - output(config)


def output(config: GPTConfig) -> int:
    """Count the numbers of the output matrix, V D."""
    return config.vocabulary_size * config.width


def training_step(config: GPTConfig, rows: int, length: int) -> float:
    """Count a forward and backward pass over `rows` texts of `length` tokens; see `TRAINING`."""
    return float(rows * length * training_flops(config, length))


def packed_step(config: GPTConfig, chats: int, chat: int, targets: int) -> float:
    """Count a step over `chats` chats of `chat` tokens that do not see each other.

    The output is needed only at the `targets` of each chat.
    """
    return chats * 3 * (trunk(config, chat) + 2.0 * targets * output(config))


def trunk(config: GPTConfig, length: int) -> float:
    """Count a forward pass over one text without the output layer.

    Attention takes 2 L (H d) T², a half of all pairs, for scores and values together.
    """
    attention = 2.0 * config.num_layers * config.num_heads * config.head_width * length**2
    return 2.0 * matrices(config) * length + attention


def ppo_iteration(config: GPTConfig, prompts: int, prompt: int, answer: int, epochs: int) -> float:
    """Count one iteration: the answers, their judgement, and the updates.

    Policy, reference, reward and value model are of one size. The output layer is needed at the
    answer's tokens alone, and by the policy and the reference alone.
    """
    writing = prompts * (trunk(config, prompt + answer) + 2.0 * answer * output(config))
    judging = ppo_judging(config, prompts, prompt, answer)
    return writing + judging + ppo_learning(config, prompts, prompt, answer, epochs)


def ppo_judging(config: GPTConfig, prompts: int, prompt: int, answer: int) -> float:
    """Count one reading of all answers by four models."""
    logits = 2.0 * answer * output(config)
    return prompts * (4 * trunk(config, prompt + answer) + 2 * logits)


def ppo_learning(config: GPTConfig, prompts: int, prompt: int, answer: int, epochs: int) -> float:
    """Count the forward and backward passes of policy and value model."""
    logits = 2.0 * answer * output(config)
    return 3.0 * epochs * prompts * (2 * trunk(config, prompt + answer) + logits)


def weight_bytes(config: GPTConfig, bytes_per_number: float) -> float:
    """Count the bytes of weights that a step of decoding reads; an embedding's own are not."""
    looked_up = 0 if config.tied_embeddings else output(config)
    return (parameters(config) - looked_up) * bytes_per_number


def decoded_bytes(
    config: GPTConfig, rows: int, prompt: int, new: int, weight: float, number: int
) -> float:
    """Count the bytes that `new` steps of `rows` rows read after a prompt, at the least.

    They are all weights once a step, of `weight` bytes each, and the keys and values of the tokens
    before, of `number` bytes each.
    """
    tokens_before = sum(prompt + step for step in range(new))
    return new * weight_bytes(config, weight) + cache_bytes(config, rows, tokens_before, number)


def translation_step(config: TransformerConfig, pairs: int, source: int, target: int) -> float:
    """Count a forward and backward pass over pairs of sentences.

    Encoder and cross-attention see all of the source, the decoder half of the target.
    """
    width, layers = config.width, config.decoder_layers
    encoder = source * config.encoder_layers * _layer(config) + layers * source * 2 * width**2
    decoder = target * (layers * (_layer(config) + 2 * width**2) + width * config.vocabulary_size)
    full = 4.0 * config.encoder_layers * width * source**2 + 4.0 * layers * width * source * target
    causal = 2.0 * layers * width * target**2
    return 3.0 * pairs * (2 * (encoder + decoder) + full + causal)


def translation_bytes(config: TransformerConfig, new: int, bytes_per_number: float) -> float:
    """Count the weights read by one search of `new` steps: the encoder once, the decoder each.

    The cross-attention's keys and values of the source are computed once.
    """
    width, layers = config.width, config.decoder_layers
    once = config.encoder_layers * _layer(config) + layers * 2 * width**2
    each = layers * (_layer(config) + 2 * width**2) + width * config.vocabulary_size
    return (once + new * each) * bytes_per_number


def _layer(config: TransformerConfig) -> int:
    """Count the matrices of self-attention and feed-forward layer."""
    return 4 * config.width**2 + 2 * config.width * config.feed_forward_width
