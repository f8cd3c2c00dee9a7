"""GPT-2: LayerNorm, learned positions, GELU, biases everywhere, weights stored input × output."""

from fledge.model.config import GPTConfig
from fledge.model.huggingface.family import Entry, Family
from fledge.model.huggingface.settings import Settings


def table(config: GPTConfig) -> list[Entry]:
    """Pair our tensors with theirs; `c_attn` is q, k and v in one already."""
    return [
        Entry("token_embedding.weight", ("wte.weight",)),
        Entry("position_embedding.weight", ("wpe.weight",)),
        *(entry for layer in range(config.num_layers) for entry in _layer(layer)),
        Entry("final_norm.weight", ("ln_f.weight",)),
        Entry("final_norm.bias", ("ln_f.bias",)),
    ]


def read_config(settings: Settings) -> GPTConfig:
    """Read the settings of a config.json."""
    settings.only("activation_function", "gelu_new", "gelu_pytorch_tanh", default="gelu_new")
    settings.only("scale_attn_weights", True, default=True)
    settings.only("scale_attn_by_inverse_layer_idx", False, default=False)
    settings.only("add_cross_attention", False, default=False)
    width, heads = settings.integer("n_embd"), settings.integer("n_head")
    return GPTConfig(
        vocabulary_size=settings.integer("vocab_size"),
        context_length=settings.integer("n_positions"),
        width=width,
        num_layers=settings.integer("n_layer"),
        num_heads=heads,
        num_key_value_heads=heads,
        head_width=width // heads,
        feed_forward_width=settings.integer("n_inner", 4 * width),
        feed_forward="gelu",
        norm="layer",
        norm_epsilon=settings.number("layer_norm_epsilon", 1e-5),
        rotary=None,
        bias="all",
        tied_embeddings=settings.flag("tie_word_embeddings", True),
        dropout=settings.number("resid_pdrop", 0.1),
    )


def write_config(config: GPTConfig) -> dict[str, object]:
    """Write config.json, but for the precision of the weights."""
    return {
        "vocab_size": config.vocabulary_size,
        "n_positions": config.context_length,
        "n_ctx": config.context_length,
        "n_embd": config.width,
        "n_layer": config.num_layers,
        "n_head": config.num_heads,
        "n_inner": config.feed_forward_width,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": config.norm_epsilon,
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.dropout,
        "tie_word_embeddings": config.tied_embeddings,
    }


def _layer(layer: int) -> list[Entry]:
    ours, theirs = f"blocks.{layer}", f"h.{layer}"
    linear = {
        "attention.query_key_value": "attn.c_attn",
        "attention.output": "attn.c_proj",
        "feed_forward.up": "mlp.c_fc",
        "feed_forward.down": "mlp.c_proj",
    }
    norms = {"attention_norm": "ln_1", "feed_forward_norm": "ln_2"}
    return [
        Entry(f"{ours}.{a}.{kind}", (f"{theirs}.{b}.{kind}",), transposed=is_matrix)
        for names in (linear, norms)
        for a, b in names.items()
        for kind, is_matrix in (("weight", names is linear), ("bias", False))
    ]


GPT2 = Family(
    model_type="gpt2",
    language_architecture="GPT2LMHeadModel",
    scalar_architecture="GPT2ForSequenceClassification",
    prefix="transformer.",
    read_config=read_config,
    write_config=write_config,
    table=table,
    ignored=(".attn.bias", ".attn.masked_bias"),
)
