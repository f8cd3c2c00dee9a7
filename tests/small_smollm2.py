"""A random Llama of SmolLM2's shape, small, with its chat template and a tokenizer of shop talk."""

import json
import math
from itertools import islice
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from fledge.model.config import GPTConfig
from fledge.starter.shops.conversations import conversations
from text.foreign import byte_level

SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

SHAPE = GPTConfig(
    vocabulary_size=49_152,
    width=576,
    num_layers=30,
    num_heads=9,
    num_key_value_heads=3,
    head_width=64,
    feed_forward="swiglu",
    feed_forward_width=1536,
    context_length=8192,
)
"""Shape of SmolLM2-135M: 46 kB of keys and values for a token in fp32."""


def write_small_smollm2(directory: Path) -> Path:
    """Save the model as its owners would."""
    directory.mkdir(parents=True)
    chats = islice(conversations(0, 60), 60)
    texts = [message.content for chat in chats for message in chat.conversation.messages]
    tokenizer = byte_level(texts, SPECIAL, size=900)
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
        "chat_template": SMOLLM2,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=36,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=2048,
        rope_theta=100_000.0,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.token_to_id("<|im_start|>"),
        eos_token_id=tokenizer.token_to_id("<|im_end|>"),
        pad_token_id=tokenizer.token_to_id("<|im_end|>"),
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    ends = [tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")]
    model.generation_config.update(eos_token_id=ends)
    with torch.no_grad():
        # One component that all tokens share, and the end token a little more of it: about one
        # sampled token in ten ends an answer.
        embedding = model.get_input_embeddings().weight
        embedding[:, 0] = 1.0
        embedding[ends[0], 0] = 1.0 + math.log(0.02 * len(embedding)) / math.sqrt(36)
    model.save_pretrained(directory)
    return directory
