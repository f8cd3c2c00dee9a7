"""Ablation: remove heads or layers, and measure how the next token and the answer change."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import ConfigError
from fledge.inspect.grid import Grid
from fledge.inspect.layers.capture import Change, Site, changed, outputs
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Table
from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT
from fledge.model.policy import exact_kl

By = Literal["zero", "mean"]


@final
@dataclass(frozen=True, slots=True)
class ChangedToken:
    """One possible next token, with its probability before and after."""

    id: int
    piece: str
    before: float
    after: float


@final
@dataclass(frozen=True, slots=True)
class Ablation:
    """The next token and the greedy answer, with the whole model and without some parts.

    `kl` is KL(before‖after) of the next token in nats; `tokens` are the best before or after.
    """

    sites: tuple[Site, ...]
    by: By
    tokens: tuple[ChangedToken, ...]
    kl: float
    answer_before: str
    answer_after: str

    def table(self) -> Table:
        """Return the tokens that were or became probable."""
        names = "; ".join(map(str, self.sites))
        rows = tuple((t.piece, t.id, t.before, t.after, t.after - t.before) for t in self.tokens)
        notes = (
            f"KL(before‖after) of the next token: {self.kl:.4f} nats.",
            f"Greedy answer before: {self.answer_before!r}",
            f"Greedy answer after: {self.answer_after!r}",
        )
        columns = ("token", "id", "before", "after", "change")
        return Table(f"Without {names} ({self.by} ablation)", columns, rows, notes)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@torch.inference_mode()
def ablate(
    loaded: LoadedModel,
    reading: Reading,
    sites: Sequence[Site],
    by: By = "zero",
    count: int = 10,
    max_new_tokens: int = 20,
) -> Ablation:
    """Remove all `sites` at once, and compare the model with itself.

    "zero" puts zeros in place of an output, "mean" its mean over the tokens of the text.

    Raises:
        ConfigError: a site does not exist, or there is none.
    """
    if not sites:
        raise ConfigError("ablation needs a part to remove; name a layer, or a layer and a head")
    model = loaded.model
    for site in sites:
        site.check(model)
    before = _next_logits(model, reading)
    answer_before = _greedy(loaded, reading, max_new_tokens)
    with removed(model, reading, sites, by):
        after = _next_logits(model, reading)
        answer_after = _greedy(loaded, reading, max_new_tokens)
    kl = max(0.0, float(exact_kl(before, after)))
    tokens = _tokens(loaded, before.softmax(dim=-1), after.softmax(dim=-1), count)
    return Ablation(tuple(sites), by, tokens, kl, answer_before, answer_after)


@torch.inference_mode()
def ablate_each(loaded: LoadedModel, reading: Reading, by: By = "zero") -> Grid:
    """Remove every head by itself: the map is KL(before‖after) of the next token in nats.

    The last two columns remove the layer's feed-forward, and the layer as a whole.
    """
    model, config = loaded.model, loaded.model.config
    before = _next_logits(model, reading)
    rows = []
    for layer in range(1, config.num_layers + 1):
        heads = [Site(layer, "head", head) for head in range(1, config.num_heads + 1)]
        row = []
        for site in [*heads, Site(layer, "feed_forward"), Site(layer)]:
            with removed(model, reading, [site], by):
                row.append(max(0.0, float(exact_kl(before, _next_logits(model, reading)))))
        rows.append(row)
    labels = tuple(f"layer {layer}" for layer in range(1, config.num_layers + 1))
    columns = tuple(f"head {head}" for head in range(1, config.num_heads + 1))
    title = f"Change of the next token without a part ({by} ablation)"
    columns = (*columns, "feed-forward", "layer")
    return Grid(title, "KL in nats", labels, columns, torch.tensor(rows))


@contextmanager
def removed(model: GPT, reading: Reading, sites: Sequence[Site], by: By) -> Iterator[None]:
    """Run the model without these parts within the block.

    Means are taken of the whole model over `reading`, before any part is removed.
    """
    for site in sites:
        site.check(model)
    changes = [_changes(model, reading, site, by) for site in sites]
    with ExitStack() as hooks:
        for site, change in zip(sites, changes, strict=True):
            hooks.enter_context(changed(model, site, change))
        yield


def _changes(model: GPT, reading: Reading, site: Site, by: By) -> list[Change]:
    if by == "zero":
        return [torch.zeros_like, torch.zeros_like]
    found = outputs(model, reading.tensor(model.token_embedding.weight.device), site)
    return [_constant(output.mean(dim=1, keepdim=True)) for output in found]


def _constant(mean: Float[Tensor, "1 1 any"]) -> Change:
    return lambda output: mean.expand_as(output)


def _next_logits(model: GPT, reading: Reading) -> Float[Tensor, " V"]:
    ids = reading.tensor(model.token_embedding.weight.device)
    return model.logits(model.hidden(ids)[0, -1])


def _greedy(loaded: LoadedModel, reading: Reading, max_new_tokens: int) -> str:
    """Return the greedy answer by the model's own modules, so that hooks act on every token."""
    model = loaded.model
    device = model.token_embedding.weight.device
    new = min(max_new_tokens, model.config.context_length - len(reading.ids))
    cache = KeyValueCache(model.config, 1, len(reading.ids) + max(new, 1), device=device)
    banned = torch.tensor(sorted(loaded.banned_ids), dtype=torch.long, device=device)
    ids, written = reading.tensor(device), list[int]()
    for _ in range(new):
        logits = model.logits(model.hidden(ids, cache=cache)[0, -1])
        best = int(logits.index_fill(-1, banned, float("-inf")).argmax())
        if best in loaded.tokenizer.stop_ids:
            break
        written.append(best)
        ids = torch.tensor([[best]], device=device)
    return loaded.tokenizer.decode(written)


def _tokens(
    loaded: LoadedModel, before: Float[Tensor, " V"], after: Float[Tensor, " V"], count: int
) -> tuple[ChangedToken, ...]:
    count = min(count, len(before))
    best = [*before.topk(count).indices.tolist(), *after.topk(count).indices.tolist()]
    return tuple(
        ChangedToken(id_, piece(loaded.tokenizer, id_), float(before[id_]), float(after[id_]))
        for id_ in dict.fromkeys(best)
    )
