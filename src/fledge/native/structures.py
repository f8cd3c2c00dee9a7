"""The structures of the C++ beside this file, field by field; no compiler compares them."""

from ctypes import POINTER, Structure, c_double, c_int64, c_void_p
from typing import ClassVar

Fields = list[tuple[str, type]]


class Matrix(Structure):
    """Weights of a product, row by row; `scale` and `bias` have a number for each row."""

    _fields_: ClassVar[Fields] = [
        ("weight", c_void_p),
        ("scale", c_void_p),
        ("bias", c_void_p),
        ("format", c_int64),
        ("outputs", c_int64),
        ("inputs", c_int64),
    ]


class Norm(Structure):
    """Weights of a norm in fp32; RMSNorm has no bias."""

    _fields_: ClassVar[Fields] = [("weight", c_void_p), ("bias", c_void_p)]


class Layer(Structure):
    """Weights of one layer."""

    _fields_: ClassVar[Fields] = [
        ("attention_norm", Norm),
        ("query_norm", Norm),
        ("key_norm", Norm),
        ("feed_forward_norm", Norm),
        ("query_key_value", Matrix),
        ("output", Matrix),
        ("up", Matrix),
        ("down", Matrix),
    ]


class Model(Structure):
    """Sizes and weights of a GPT."""

    _fields_: ClassVar[Fields] = [
        ("width", c_int64),
        ("layers", c_int64),
        ("heads", c_int64),
        ("groups", c_int64),
        ("head_width", c_int64),
        ("feed_forward_width", c_int64),
        ("is_gated", c_int64),
        ("epsilon", c_double),
        ("embedding", Matrix),
        ("positions", Matrix),
        ("head", Matrix),
        ("cosine", c_void_p),
        ("sine", c_void_p),
        ("final_norm", Norm),
        ("layer", POINTER(Layer)),
    ]


class Step(Structure):
    """Tokens of one step, their cache, and where the logits go; strides count floats."""

    _fields_: ClassVar[Fields] = [
        ("tokens", c_int64),
        ("longest", c_int64),
        ("threads", c_int64),
        ("outputs", c_int64),
        ("is_reading", c_int64),
        ("ids", c_void_p),
        ("rows", c_void_p),
        ("positions", c_void_p),
        ("output_tokens", c_void_p),
        ("keys", c_void_p),
        ("values", c_void_p),
        ("layer_stride", c_int64),
        ("row_stride", c_int64),
        ("group_stride", c_int64),
        ("slot_stride", c_int64),
        ("logits", c_void_p),
        ("workspace", c_void_p),
    ]


class Rows(Structure):
    """Numbers in bfloat16, a row for each position of each head; strides count numbers."""

    _fields_: ClassVar[Fields] = [
        ("at", c_void_p),
        ("batch", c_int64),
        ("head", c_int64),
        ("position", c_int64),
    ]


class Attention(Structure):
    """Equation 1 for whole texts, and its gradients; `log_sums` is fp32, a mask has bytes."""

    _fields_: ClassVar[Fields] = [
        ("q", Rows),
        ("k", Rows),
        ("v", Rows),
        ("out", Rows),
        ("gradient_out", Rows),
        ("gradient_q", Rows),
        ("gradient_k", Rows),
        ("gradient_v", Rows),
        ("log_sums", c_void_p),
        ("mask", c_void_p),
        ("mask_batch", c_int64),
        ("mask_query", c_int64),
        ("batch", c_int64),
        ("heads", c_int64),
        ("groups", c_int64),
        ("queries", c_int64),
        ("slots", c_int64),
        ("width", c_int64),
        ("threads", c_int64),
    ]
