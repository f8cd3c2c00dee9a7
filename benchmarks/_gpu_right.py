"""Compare a GPU's numbers with those of the CPU, in float32 and in bfloat16."""

import copy

import torch
from _gpu_setting import EXACT, TOY, Check, Finding, Setting, bfloat16_limit, distance
from _steps import Iterations, Parts, Shape, packed_batch, random_model, window_batch
from torch import Tensor, nn

from fledge.data.batch import TokenBatch
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.model.cache import KeyValueCache
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.runtime import Runtime
from fledge.stages.next_token import NextToken
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.world import Respond

CPU = torch.device("cpu")
VOCABULARY, WIDE_VOCABULARY = 512, 2**15
"""Tokens of the checks' models; with the wide one the output layer is fused with its loss."""
LOG_PROB_ERROR = 1e-3
"""Largest error of a log-probability in float32, in nats."""
UPDATE_ERROR = 0.05
"""Largest difference between two runs' weights, as a share of what training changed; AdamW turns
the rounding of the smallest gradients into steps of full size."""
SAMPLINGS = (
    SamplingParams(temperature=0.0),
    SamplingParams(seed=1),
    SamplingParams(seed=2, temperature=0.7, top_k=20, repetition_penalty=1.3),
    SamplingParams(seed=3, top_p=0.8, min_p=0.01, presence_penalty=0.5, frequency_penalty=0.2),
)


def small_config(vocabulary: int = VOCABULARY, family: str = "qwen3") -> GPTConfig:
    """Choose a model of 64-wide heads, whose queries share keys in pairs where the family can."""
    groups = 2 if family == "qwen3" else 4
    return GPTConfig.sized(
        vocabulary, 128, 256, 3, family=family, num_heads=4, num_key_value_heads=groups
    )


@torch.no_grad()
def forward(setting: Setting) -> list[Finding]:
    """Compare logits: of whole texts, and token by token from a cache."""
    found: list[Finding] = []
    for family in ("qwen3", "gpt2"):
        model = random_model(small_config(family=family)).eval()
        ids = torch.randint(VOCABULARY, (3, 40), generator=torch.Generator().manual_seed(1))
        right = model(ids)
        cpu_error = distance(copy.deepcopy(model).bfloat16()(ids), right)
        limits = {torch.float32: EXACT, torch.bfloat16: bfloat16_limit(cpu_error)}
        for dtype, limit in limits.items():
            moved = copy.deepcopy(model).to(setting.device, dtype)
            name = f"{family}, {str(dtype).removeprefix('torch.')}"
            there = ids.to(setting.device)
            found.append(Check.of(f"logits, {name}", distance(moved(there), right), limit))
            error = distance(token_by_token(moved, there), right)
            found.append(Check.of(f"logits from a cache, {name}", error, limit))
    return found


def token_by_token(model: GPT, ids: Tensor) -> Tensor:
    """Return the logits of texts that are read in two pieces, then one token at a time."""
    rows, length = ids.shape
    dtype = model.token_embedding.weight.dtype
    cache = KeyValueCache(model.config, rows, length, dtype=dtype, device=ids.device)
    pieces = [ids[:, :10], ids[:, 10:20], *ids[:, 20:].split(1, dim=1)]
    return torch.cat([model(piece, cache=cache) for piece in pieces], dim=1)


def gradients(setting: Setting) -> list[Finding]:
    """Compare loss and gradients of the next-token stage, plain and packed, narrow and wide."""
    found: list[Finding] = []
    cases = {
        "plain": (VOCABULARY, window_batch(VOCABULARY, 4, 48)),
        "packed": (VOCABULARY, packed_batch(VOCABULARY, 4, 3, 16)),
        "fused with the output layer": (WIDE_VOCABULARY, window_batch(WIDE_VOCABULARY, 4, 48)),
    }
    for name, (vocabulary, batch) in cases.items():
        model = random_model(small_config(vocabulary))
        loss, right = loss_and_gradients(model, batch, on_cpu(torch.float32))
        _, rounded = loss_and_gradients(model, batch, on_cpu(torch.bfloat16))
        limits = {
            torch.float32: EXACT,
            torch.bfloat16: bfloat16_limit(gradient_error(rounded, right)),
        }
        for dtype, limit in limits.items():
            there, theirs = loss_and_gradients(model, batch, setting.runtime(dtype))
            kind = str(dtype).removeprefix("torch.")
            error = abs(float(there) / float(loss) - 1)
            found.append(Check.of(f"loss, {name}, {kind}", error, limit))
            error = gradient_error(theirs, right)
            found.append(Check.of(f"gradients, {name}, {kind}", error, limit))
    return found


def compiled(setting: Setting) -> list[Finding]:
    """Compare compiled blocks with the CPU's own, and see that they were compiled at all."""
    model, batch = random_model(small_config()), window_batch(VOCABULARY, 4, 48)
    loss, right = loss_and_gradients(model, batch, on_cpu(torch.float32))
    _, rounded = loss_and_gradients(model, batch, on_cpu(torch.bfloat16))
    limit = bfloat16_limit(gradient_error(rounded, right))
    runtime = setting.runtime(torch.bfloat16, setting.sizes.compiles)
    there, theirs = loss_and_gradients(model, batch, runtime)
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    missing = setting.sizes.compiles and graphs == 0
    return [
        Check.of("blocks that were not compiled", float(missing), 0.0, f"{graphs} graphs"),
        Check.of("loss, compiled", abs(float(there) / float(loss) - 1), limit),
        Check.of("gradients, compiled", gradient_error(theirs, right), limit),
    ]


def on_cpu(dtype: torch.dtype) -> Runtime:
    """Make the runtime whose numbers count as right."""
    return Setting(CPU, TOY).runtime(dtype)


def loss_and_gradients(
    model: GPT, batch: TokenBatch, runtime: Runtime
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a copy of the model, and the gradient of each weight."""
    trained = NextToken(copy.deepcopy(model))
    runtime.prepare(trained, batch.inputs.numel(), steps=10**9)
    with runtime.autocast():
        loss = trained(batch.to(runtime.device))
    runtime.backward(loss)
    named = trained.named_parameters()
    return loss.detach().cpu(), {name: p.grad.cpu() for name, p in named if p.grad is not None}


def gradient_error(found: dict[str, Tensor], right: dict[str, Tensor]) -> float:
    """Return the largest error of a weight's gradient by its norm.

    A gradient that is nothing but rounding, as that of a key's bias, counts against all of them.
    """
    assert found.keys() == right.keys()
    whole = torch.cat([each.flatten() for each in right.values()]).norm()
    errors = [
        (found[name].double() - right[name]).norm() / (right[name].norm() + 1e-2 * whole)
        for name in right
    ]
    return float(torch.stack(errors).max())


def decode(setting: Setting) -> list[Finding]:
    """Compare the engine's log-probabilities with the CPU's for the same tokens.

    Rows of unequal length are decoded together and alone, greedily and with every filter.
    """
    model = random_model(small_config()).eval()
    lengths = (5, 33, 17, 2)
    dice = torch.Generator().manual_seed(3)
    prompts = [tuple(torch.randint(VOCABULARY, (n,), generator=dice).tolist()) for n in lengths]
    requests = [
        Request(str(i), prompts[i], sampling.model_copy(update={"max_new_tokens": 24}))
        for i, sampling in enumerate(SAMPLINGS)
    ]
    found: list[Finding] = []
    for dtype in (torch.float32, torch.bfloat16):
        moved = copy.deepcopy(model).to(setting.device, dtype)
        together = Engine(moved, max_batch=4, native=False).generate(requests)
        alone = [Engine(moved, max_batch=1, native=False).generate([one])[0] for one in requests]
        texts = [(prompts[i], answer.ids) for i, answer in enumerate(together)]
        right = log_probs(model, texts)
        said = torch.tensor([each for answer in together for each in answer.log_probs])
        error, limit = float((said - right).abs().max()), LOG_PROB_ERROR
        if dtype == torch.bfloat16:
            rounded = log_probs(copy.deepcopy(model).bfloat16(), texts)
            limit = bfloat16_limit(float((rounded - right).abs().max()))
        kind = str(dtype).removeprefix("torch.")
        found.append(Check.of(f"log-probabilities of answers in nats, {kind}", error, limit))
        if dtype == torch.float32:
            pairs = zip(together, alone, strict=True)
            different = sum(one.ids != other.ids for one, other in pairs)
            found.append(Check.of("answers that differ from those alone", float(different), 0.0))
    return found


@torch.inference_mode()
def log_probs(model: GPT, texts: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Tensor:
    """Return the log-probability of every token of each answer after its prompt, in nats."""
    found = []
    for prompt, answer in texts:
        ids = torch.tensor([*prompt, *answer])
        each = model(ids[None, :-1])[0].log_softmax(dim=-1)
        chosen = each.gather(1, ids[1:, None])[:, 0]
        found.append(chosen[len(prompt) - 1 :])
    return torch.cat(found)


def ppo_step(setting: Setting) -> list[Finding]:
    """Compare the metrics and weights of one PPO iteration over the same answers."""
    right, here = (iterate(Setting(device, setting.sizes)) for device in (CPU, setting.device))
    names = ("loss", "objective/kl", "objective/scores", "val/explained_variance")
    found: list[Finding] = [
        Check.of(f"PPO's {name}", abs(here[0][name] - right[0][name]), 1e-3) for name in names
    ]
    first = here[0]["val/ratio_first"]
    found.append(Check.of("PPO's first ratio beside 1", first, 1e-3))
    found.append(Check.of("PPO's weights", update_error(here[1], right[1], right[2]), UPDATE_ERROR))
    return found


def iterate(setting: Setting) -> tuple[dict[str, float], Tensor, Tensor]:
    """Return metrics, weights and the weights before, of one iteration in float32."""
    shape = Shape(prompts=8, prompt=12, answer=10, epochs=2, minibatches=2)
    config = small_config()
    parts = Parts(respond=lambda _: written(config.vocabulary_size, shape, setting.device))
    runtime = setting.runtime(torch.float32)
    ppo = Iterations.of(config, runtime, shape, parts, learning_rate=1e-4)
    before = weights(ppo.stage.trained)
    return ppo.iterate(), weights(ppo.stage.trained), before


def written(vocabulary: int, shape: Shape, device: torch.device) -> Respond:
    """Return the answers of a policy that always says the same, whatever the device draws."""
    dice = torch.Generator().manual_seed(5)
    lengths = torch.randint(1, shape.answer + 1, (shape.prompts,), generator=dice).tolist()
    answers = [torch.randint(vocabulary, (n,), generator=dice).tolist() for n in lengths]
    return lambda prompts, _: Rollout.join(prompts.prompts, answers, pad_id=0).to(device)


def weights(module: nn.Module) -> Tensor:
    """Return all weights as one vector on the CPU."""
    return torch.cat([p.detach().flatten().double().cpu() for p in module.parameters()])


def update_error(found: Tensor, right: Tensor, before: Tensor) -> float:
    """Return the difference of two runs' weights, as a share of what training changed."""
    return float((found - right).norm() / (right - before).norm())
