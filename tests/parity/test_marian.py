import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import MarianConfig, MarianMTModel

from fledge.errors import CheckpointError
from fledge.model.huggingface import transformer_from_huggingface, transformer_to_huggingface
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig

PAD, END = 96, 0


def theirs(activation="swish") -> MarianMTModel:
    torch.manual_seed(0)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=97,
            d_model=32,
            encoder_layers=2,
            decoder_layers=3,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=52,
            decoder_ffn_dim=52,
            activation_function=activation,
            scale_embedding=True,
            max_position_embeddings=40,
            pad_token_id=PAD,
            eos_token_id=END,
            decoder_start_token_id=PAD,
            forced_eos_token_id=END,
            dropout=0.0,
        )
    ).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.05 * torch.randn_like(parameter)
        model.final_logits_bias += 0.3 * torch.randn_like(model.final_logits_bias)
    return model


def read(directory) -> Transformer:
    import json

    config_json = json.loads((directory / "config.json").read_text())
    tensors = load_file(directory / "model.safetensors")
    config, state = transformer_from_huggingface(config_json, tensors)
    model = Transformer(config)
    model.load_state_dict(state)
    return model.eval()


def pairs():
    source = torch.randint(1, 90, (3, 7), generator=torch.Generator().manual_seed(3))
    source[1, 4:], source[2, 6:] = PAD, PAD
    targets = torch.randint(1, 90, (3, 5), generator=torch.Generator().manual_seed(4))
    inputs = torch.cat([torch.full((3, 1), PAD), targets[:, :-1]], dim=1)
    return source, source != PAD, inputs, targets


@pytest.mark.parametrize("activation", ["swish", "relu", "gelu"])
def test_logits_and_gradients_are_those_of_marian(tmp_path, activation):
    their_model = theirs(activation)
    their_model.save_pretrained(tmp_path)
    our_model = read(tmp_path)
    source, mask, inputs, targets = pairs()
    expected = their_model(
        input_ids=source, attention_mask=mask.long(), decoder_input_ids=inputs
    ).logits
    found = our_model(source, mask, inputs)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)

    for logits in (expected, found):
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
    # Theirs never moves the padding's row as an input; ours does, for it also starts the decoder.
    torch.testing.assert_close(
        our_model.token_embedding.weight.grad[:PAD],
        their_model.model.shared.weight.grad[:PAD],
        atol=1e-6,
        rtol=1e-4,
    )
    torch.testing.assert_close(
        our_model.decoder[2].cross_attention.key.weight.grad,
        their_model.model.decoder.layers[2].encoder_attn.k_proj.weight.grad,
        atol=1e-6,
        rtol=1e-4,
    )


def test_marian_opens_ours(tmp_path):
    config = TransformerConfig(
        vocabulary_size=97,
        context_length=40,
        width=32,
        encoder_layers=2,
        decoder_layers=2,
        num_heads=2,
        feed_forward_width=48,
        dropout=0.0,
        positions="halves",
        pad_id=PAD,
        end_id=END,
    )
    ours = Transformer(config).eval()
    ours.initialise(torch.Generator().manual_seed(2))
    config_json, tensors = transformer_to_huggingface(config, ours.state_dict())
    MarianConfig(**config_json).save_pretrained(tmp_path)
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    model = MarianMTModel.from_pretrained(tmp_path).eval()
    source, mask, inputs, _ = pairs()
    expected = model(input_ids=source, attention_mask=mask.long(), decoder_input_ids=inputs).logits
    torch.testing.assert_close(ours(source, mask, inputs), expected, atol=1e-5, rtol=0)


def test_there_and_back_again_gives_identical_tensors(tmp_path):
    theirs().save_pretrained(tmp_path)
    model = read(tmp_path)
    config_json, tensors = transformer_to_huggingface(model.config, model.state_dict())
    config, state = transformer_from_huggingface(config_json, tensors)
    assert config == model.config
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


def test_an_option_fledge_does_not_compute_is_refused(tmp_path):
    config_json = MarianConfig(
        vocab_size=9, pad_token_id=8, eos_token_id=0, decoder_start_token_id=8
    )
    with pytest.raises(CheckpointError, match="normalize_embedding"):
        transformer_from_huggingface({**config_json.to_dict(), "normalize_embedding": True}, {})
    with pytest.raises(CheckpointError, match=r"make no model: width 9 must be .* num_heads 16$"):
        transformer_from_huggingface({**config_json.to_dict(), "d_model": 9}, {})
