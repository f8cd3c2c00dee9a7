"""One attention head opened up: equation 1 of "Attention is all you need", step by step."""

import math
from dataclasses import dataclass
from typing import cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.inspect.layers.capture import Site, attention_inputs, block_of
from fledge.inspect.reading import Reading
from fledge.inspect.table import Table
from fledge.model.attention import Attention
from fledge.model.positions import Rotation, rotate


@final
@dataclass(frozen=True, slots=True)
class OpenHead:
    """Numbers of one head at one token, which looks at itself and the S tokens up to it.

    `query` and `keys` are turned by their positions, `plain_query` and `plain_keys` are not; they
    are the same without rotary positions. Tokens after this one are masked and left out. `output`
    is what the head adds to the residual stream, without the output matrix's bias.
    """

    site: Site
    position: int
    pieces: tuple[str, ...]
    plain_query: Float[Tensor, " d"]
    plain_keys: Float[Tensor, "S d"]
    query: Float[Tensor, " d"]
    keys: Float[Tensor, "S d"]
    values: Float[Tensor, "S d"]
    products: Float[Tensor, " S"]
    scaled: Float[Tensor, " S"]
    weights: Float[Tensor, " S"]
    mixed: Float[Tensor, " d"]
    output: Float[Tensor, " D"]

    def table(self) -> Table:
        """Return a row for each token that is looked at."""
        plain = (self.plain_keys @ self.plain_query).tolist()
        columns = ("position", "token", "q·k unturned", "q·k", "q·k / √d", "weight", "|value|")
        numbers = zip(
            self.pieces,
            plain,
            self.products.tolist(),
            self.scaled.tolist(),
            self.weights.tolist(),
            self.values.norm(dim=-1).tolist(),
            strict=True,
        )
        rows = tuple((index, *row) for index, row in enumerate(numbers, start=1))
        notes = (f"|weighted sum| {self.mixed.norm():.4g}; |output| {self.output.norm():.4g}.",)
        return Table(f"{self.site}, token {self.position}".capitalize(), columns, rows, notes)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@torch.inference_mode()
def open_head(
    loaded: LoadedModel, reading: Reading, layer: int, head: int, position: int | None = None
) -> OpenHead:
    """Recompute a head at a token from its parts; all numbers count from 1, None is the last token.

    Raises:
        ConfigError: there is no such layer, head or position.
    """
    model, site = loaded.model, Site(layer, "head", head)
    site.check(model)
    index = reading.index(position)
    ids = reading.tensor(model.token_embedding.weight.device)[:, : index + 1]
    inputs = attention_inputs(model, ids, layer)
    attention = block_of(model, layer).attention
    q, k, v = _projected(attention, cast(Tensor, inputs[0]))  # 1 S H d, 1 S G d, 1 S G d
    rotation = cast(Rotation | None, inputs[2])
    turned_q, turned_k = (q, k) if rotation is None else (rotate(q, rotation), rotate(k, rotation))
    # Grouped queries: H / G neighbouring heads share keys and values.
    one, shared = head - 1, (head - 1) // (q.shape[2] // k.shape[2])
    query, keys, values = turned_q[0, -1, one], turned_k[0, :, shared], v[0, :, shared]
    products = keys @ query
    scaled = products.float() / math.sqrt(attention.head_width)
    weights = scaled.softmax(dim=-1)
    mixed = weights.type_as(values) @ values
    padded = torch.zeros_like(q[0, -1])
    padded[one] = mixed
    silent = attention.output(torch.zeros_like(padded.flatten()))
    return OpenHead(
        site,
        index + 1,
        reading.pieces[: index + 1],
        q[0, -1, one],
        k[0, :, shared],
        query,
        keys,
        values,
        products,
        scaled,
        weights,
        mixed,
        attention.output(padded.flatten()) - silent,
    )


def _projected(attention: Attention, x: Float[Tensor, "1 S D"]) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values before positions turn them."""
    rows = attention.query_key_value(x)
    q, k, v = rows.reshape(*rows.shape[:2], -1, attention.head_width).split(attention.heads, dim=2)
    if attention.query_norm is not None and attention.key_norm is not None:
        q, k = attention.query_norm(q), attention.key_norm(k)
    return q, k, v
