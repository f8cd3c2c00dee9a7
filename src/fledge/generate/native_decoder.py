"""One step of decoding in C++: what `GPT.forward` computes for one new token a row, up to rounding.

A row's numbers are the same in any company, bit for bit. The residual stream, attention and logits
are fp32 whatever the weights are. Inputs of products are bfloat16 where the weights are; beside
weights of 8 bits they have 16.
"""

import ctypes
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.model.attention import Attention, fused_scaled_dot_product
from fledge.model.cache import KeyValueCache
from fledge.model.eight_bit import EightBitEmbedding, EightBitLinear
from fledge.model.gpt import GPT, Block
from fledge.model.layers import GeluFeedForward, LayerNorm, RMSNorm, SwiGLUFeedForward
from fledge.model.positions import Rotary
from fledge.native import structures
from fledge.native.library import library

FORMATS = {torch.float32: 0, torch.bfloat16: 1, torch.int8: 2}
PIECE = 256
"""Tokens of prompts in one call: their vectors then stay in the processor's second cache."""
MOST_KEPT_BYTES = 2**26
"""Largest workspace that is kept while nothing runs."""
PARTS = {
    *(GPT, Block, Attention, GeluFeedForward, SwiGLUFeedForward, RMSNorm, LayerNorm, Rotary),
    *(nn.ModuleList, nn.Linear, nn.Embedding, nn.Dropout, EightBitLinear, EightBitEmbedding),
}
"""Modules of a model that nobody has changed, as adapters do."""


@final
class NativeDecoder:
    """Weights of a model as C++ sees them; matrices are the model's own memory, not a copy.

    Use `of`. Make a new one where `reads` says that the model has changed since.
    """

    def __init__(self, model: GPT, compiled: ctypes.CDLL) -> None:
        self._compiled = compiled
        self._compiled.fledge_workspace.restype = ctypes.c_int64
        self._kernels = [block.attention for block in _blocks(model)]
        self._kept: list[Tensor] = []
        self._state = _state(model)
        self._layers = (structures.Layer * model.config.num_layers)(
            *(self._layer(block) for block in _blocks(model))
        )
        self._model = self._whole(model)
        self._logits = torch.empty(0, model.config.vocabulary_size, dtype=torch.float32)
        self._workspace = torch.empty(0, dtype=torch.float32)

    @classmethod
    def of(cls, model: GPT) -> "NativeDecoder | None":
        """Return the decoder of a model; None where only torch can decode it."""
        if not _is_plain(model):
            return None
        compiled = library()
        return None if compiled is None else cls(model, compiled)

    def reads(self, model: GPT) -> bool:
        """Return whether these are still the model's weights: unchanged, in the same memory."""
        return _state(model) == self._state

    def give_back(self) -> None:
        """Free a workspace that only a long text needed."""
        if self._workspace.nbytes > MOST_KEPT_BYTES:
            self._workspace = self._workspace.new_empty(0)

    @property
    def is_usable(self) -> bool:
        """False within `record_attention` and under autocast, which this step would pass by."""
        return not torch.is_autocast_enabled("cpu") and all(
            attention.kernel is fused_scaled_dot_product for attention in self._kernels
        )

    def step(self, ids: Int[Tensor, " B"], cache: KeyValueCache) -> Float[Tensor, "B V"]:
        """Read one token a row into `cache`; return the logits of the next, until the next call."""
        rows = torch.arange(len(ids))
        logits = self._room(len(ids))
        self._run(ids, rows, cache.lengths, rows, cache, logits, is_reading=False)
        cache.advance(1)
        return logits

    def read(self, prompts: list[tuple[int, ...]], cache: KeyValueCache) -> Float[Tensor, "B V"]:
        """Read a text a row into `cache`, behind what is there; return the logits after each.

        They stay until the next call.
        """
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        ids = torch.tensor([token for prompt in prompts for token in prompt])
        rows = torch.arange(len(prompts)).repeat_interleave(lengths)
        ends = lengths.cumsum(0)
        positions = torch.arange(len(ids)) + (cache.lengths - ends + lengths)[rows]
        logits = self._room(len(prompts))
        for start in range(0, len(ids), PIECE):
            piece = slice(start, start + PIECE)
            ending = torch.nonzero((ends > start) & (ends <= start + PIECE)).flatten()
            at = slice(int(ending[0]), int(ending[-1]) + 1) if len(ending) else slice(0)
            last = ends[ending] - 1 - start
            self._run(ids[piece], rows[piece], positions[piece], last, cache, logits[at], True)
        cache.set_lengths(cache.lengths + lengths)
        cache.advance(0)
        return logits

    def _room(self, rows: int) -> Float[Tensor, "B V"]:
        """Return the memory for the logits of some rows; a new one each time costs its pages."""
        if rows > len(self._logits):
            self._logits = self._logits.new_empty(rows, self._logits.shape[1])
        return self._logits[:rows]

    def _run(
        self,
        ids: Int[Tensor, " T"],
        rows: Int[Tensor, " T"],
        positions: Int[Tensor, " T"],
        output_tokens: Int[Tensor, " N"],
        cache: KeyValueCache,
        logits: Float[Tensor, "N V"],
        is_reading: bool,
    ) -> None:
        layer, row, group, slot, _ = cache.keys.stride()
        longest = int(positions.max()) + 1
        # C++ would write beyond the cache, where torch raises an error.
        assert longest <= cache.capacity and cache.keys.dtype == torch.float32
        step = structures.Step(
            tokens=len(ids),
            longest=longest,
            threads=torch.get_num_threads(),
            outputs=len(output_tokens),
            is_reading=is_reading,
            ids=ids.data_ptr(),
            rows=rows.data_ptr(),
            positions=positions.data_ptr(),
            output_tokens=output_tokens.data_ptr(),
            keys=cache.keys.data_ptr(),
            values=cache.values.data_ptr(),
            layer_stride=layer,
            row_stride=row,
            group_stride=group,
            slot_stride=slot,
            logits=logits.data_ptr(),
        )
        model = ctypes.byref(self._model)
        needed = self._compiled.fledge_workspace(model, ctypes.byref(step))
        if needed > len(self._workspace):
            self._workspace = self._workspace.new_empty(needed)
        step.workspace = self._workspace.data_ptr()
        self._compiled.fledge_decode(model, ctypes.byref(step))

    def _whole(self, model: GPT) -> structures.Model:
        config = model.config
        embedding = self._matrix(model.token_embedding)
        whole = structures.Model(
            width=config.width,
            layers=config.num_layers,
            heads=config.num_heads,
            groups=config.num_key_value_heads,
            head_width=config.head_width,
            feed_forward_width=config.feed_forward_width,
            is_gated=config.feed_forward == "swiglu",
            epsilon=config.norm_epsilon,
            embedding=embedding,
            head=embedding if model.head is None else self._matrix(model.head),
            final_norm=self._norm(model.final_norm),
            layer=self._layers,
        )
        if model.position_embedding is not None:
            whole.positions = self._matrix(model.position_embedding)
        if model.rotary is not None:
            whole.cosine = self._pointer(model.rotary.cosine)
            whole.sine = self._pointer(model.rotary.sine)
        return whole

    def _layer(self, block: Block) -> structures.Layer:
        attention, feed_forward = block.attention, block.feed_forward
        return structures.Layer(
            attention_norm=self._norm(block.attention_norm),
            query_norm=self._norm(attention.query_norm),
            key_norm=self._norm(attention.key_norm),
            feed_forward_norm=self._norm(block.feed_forward_norm),
            query_key_value=self._matrix(attention.query_key_value),
            output=self._matrix(attention.output),
            up=self._matrix(_up(feed_forward)),
            down=self._matrix(feed_forward.down),
        )

    def _norm(self, norm: RMSNorm | LayerNorm | None) -> structures.Norm:
        if norm is None:
            return structures.Norm()
        bias = self._pointer(norm.bias.float()) if isinstance(norm, LayerNorm) else None
        return structures.Norm(weight=self._pointer(norm.weight.float()), bias=bias)

    def _matrix(self, module: nn.Linear | nn.Embedding) -> structures.Matrix:
        bias = module.bias if isinstance(module, nn.Linear) else None
        outputs, inputs = module.weight.shape
        scale: Tensor | None = None
        if isinstance(module, EightBitLinear | EightBitEmbedding):
            scale = module.scale.float()
        return structures.Matrix(
            weight=self._pointer(module.weight),
            scale=None if scale is None else self._pointer(scale),
            bias=None if bias is None else self._pointer(bias.float()),
            format=FORMATS[module.weight.dtype],
            outputs=outputs,
            inputs=inputs,
        )

    def _pointer(self, tensor: Tensor) -> int:
        self._kept.append(tensor.detach())
        return tensor.data_ptr()


def _is_plain(model: GPT) -> bool:
    """Return whether a model is a GPT as built: on the CPU, in one known format, not adapted."""
    weights = list(model.parameters())
    products = {
        module.weight.dtype
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) or name == "token_embedding"
    }
    return (
        {type(module) for module in model.modules()} <= PARTS
        and len(products) == 1
        and {weight.dtype for weight in weights} <= FORMATS.keys()
        and all(weight.device.type == "cpu" and weight.is_contiguous() for weight in weights)
    )


def _state(model: GPT) -> list[tuple[int, int]]:
    """Return where each tensor of a model lies, and how often it was changed in place."""
    tensors = (*model.parameters(), *model.buffers())
    # Tensors made in inference mode count no changes, and are not trained.
    return [(one.data_ptr(), 0 if one.is_inference() else one._version) for one in tensors]


def _blocks(model: GPT) -> list[Block]:
    return [block for block in model.blocks if isinstance(block, Block)]


def _up(feed_forward: GeluFeedForward | SwiGLUFeedForward) -> nn.Linear:
    if isinstance(feed_forward, SwiGLUFeedForward):
        return feed_forward.gate_up
    return feed_forward.up
