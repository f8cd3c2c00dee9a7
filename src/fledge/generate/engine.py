"""The engine: requests in, tokens out, as many texts in one forward pass as there is room for."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fledge.errors import GenerationError
from fledge.generate.long_prompt import LongPrompt
from fledge.generate.native_decoder import NativeDecoder
from fledge.generate.request import (
    Completion,
    EngineLoad,
    Request,
    ScoredToken,
    TokenEvent,
    check,
    require_grammatical,
)
from fledge.generate.sampler import Sampled, Sampler
from fledge.generate.scheduler import Scheduler
from fledge.generate.scoring import embed, score
from fledge.generate.sequence import Sequence
from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT

CAPACITY_STEP = 128
"""Step in tokens by which the rows of the cache grow; their number doubles."""
SPARSE = 4
"""A cache of which at most 1/4 of the rows are in use is halved; doubling again is then far off."""


class Engine:
    """Continuous batching over one model: requests join and leave between any two steps.

    A request's tokens depend on its seed and not on its company, up to the rounding of the model's
    arithmetic: in fp32 all but the last bit. One thread owns an engine.
    """

    def __init__(
        self,
        model: GPT,
        *,
        max_batch: int,
        max_length: int | None = None,
        token_budget: int | None = None,
        prefill_tokens: int | None = None,
        num_tokens: int | None = None,
        native: bool = True,
    ) -> None:
        """`max_length` bounds prompt + answer, at most and by default the model's context.

        `token_budget` bounds the cache: running requests x the longest length any of them may
        reach; None lets `max_batch` requests run whatever their length. `prefill_tokens` bounds the
        prompt tokens read in one step, for which the running requests wait; a longer prompt is read
        in pieces. `num_tokens` counts the tokens of a tokenizer that has fewer than the model has
        rows. With `native` off torch decodes, and rounds as it does wherever the model runs.
        """
        self.model = model
        self._num_tokens = num_tokens
        self.max_length = min(
            max_length or model.config.context_length, model.config.context_length
        )
        self._device = model.token_embedding.weight.device
        budget = token_budget or max_batch * self.max_length
        self._scheduler = Scheduler(max_batch, budget, prefill_tokens)
        self._cache: KeyValueCache | None = None
        self._long_prompt: LongPrompt | None = None
        self._sampler: Sampler | None = None
        self._is_native = native
        self._native: NativeDecoder | None = None
        self._cancelled: list[TokenEvent] = []
        self._look_at_weights()

    @property
    def busy(self) -> bool:
        """True while `step` has something to do or to report."""
        return self._scheduler.busy or bool(self._cancelled)

    def submit(self, request: Request) -> None:
        """Queue a request.

        Raises:
            PromptTooLong: no new token would fit.
            GenerationError: the prompt is empty or not of this vocabulary, or the id is taken.
        """
        self._scheduler.submit(self._sequence(request))

    def cancel(self, request_id: str) -> bool:
        """End a request now and free its row; its last event comes with the next step.

        Return False, and do nothing, if it has ended already or never was.
        """
        sequence = self._scheduler.cancel(request_id)
        if sequence is None:
            return False
        if self._long_prompt is not None and self._long_prompt.sequence is sequence:
            self._long_prompt = None
        self._cancelled.append(TokenEvent(request_id, None, 0.0, (), "cancelled"))
        self._release()
        return True

    def reset(self) -> None:
        """Forget every request and the cache; after a step that raised, nothing else is safe."""
        self._scheduler.clear()
        self._cancelled.clear()
        self._cache = self._long_prompt = self._sampler = None

    @torch.inference_mode()
    def step(self) -> list[TokenEvent]:
        """Admit waiting requests, then give every running one its next token."""
        events, self._cancelled = self._cancelled, []
        with evaluating(self.model):
            if not self._scheduler.taken:
                self._look_at_weights()
            admitted = self._scheduler.admit()
            if admitted:
                events += self._record(admitted, self._prefill(admitted))
            if self._scheduler.prefilling is not None:
                events += self._prefill_piece(self._scheduler.prefilling)
            if self._scheduler.running:
                events += self._record(self._scheduler.running, self._decode())
        return events

    def load(self) -> EngineLoad:
        """Return the requests that run and wait, and the use of the cache; any thread may ask."""
        running = self._scheduler.taken
        room = self._scheduler.max_batch * self.max_length
        used = sum(sequence.length for sequence in running)
        return EngineLoad(len(running), len(self._scheduler.waiting), used / room)

    def embed(self, prompts: list[tuple[int, ...]]) -> list[list[float]]:
        """Return vectors of texts; see `scoring.embed`."""
        with evaluating(self.model):
            return embed(self.model, prompts)

    def score(self, prompt: tuple[int, ...], num_alternatives: int) -> list[ScoredToken]:
        """Return the probability of each token of a text; see `scoring.score`."""
        with evaluating(self.model):
            return score(self.model, prompt, num_alternatives, self._num_tokens)

    def generate(self, requests: Iterable[Request]) -> list[Completion]:
        """Answer all requests, in their order; several at a time.

        Raises:
            PromptTooLong, GenerationError: as `submit`; then nothing is generated.
            GenerationError: an answer could not go on in its grammar.
        """
        if self.busy:
            raise GenerationError("this engine is at work; use another one, or submit and step")
        sequences = [self._sequence(request) for request in requests]
        try:
            for sequence in sequences:
                self._scheduler.submit(sequence)
            with evaluating(self.model):
                while self.busy:
                    for event in self.step():
                        require_grammatical(event)
        finally:
            self._scheduler.clear()
        return [sequence.completion() for sequence in sequences]

    def _look_at_weights(self) -> None:
        """Open the step in C++, anew where the model has learned since the last request."""
        if self._is_native and (self._native is None or not self._native.reads(self.model)):
            self._native = NativeDecoder.of(self.model)

    def _sequence(self, request: Request) -> Sequence:
        vocabulary_size = self.model.config.vocabulary_size
        check(request, self.max_length, vocabulary_size)
        limit = min(len(request.prompt) + request.sampling.max_new_tokens, self.max_length)
        return Sequence(request, limit, self._generator(request))

    def _generator(self, request: Request) -> torch.Generator | None:
        if request.sampling.is_greedy:
            return None
        generator = torch.Generator(self._device)
        if request.sampling.seed is None:
            generator.seed()
        else:
            generator.manual_seed(request.sampling.seed)
        return generator

    def _prefill(self, sequences: list[Sequence]) -> Sampled:
        """Read the prompts of the newest rows, equal ones once."""
        prompts = [sequence.request.prompt for sequence in sequences]
        different = list(dict.fromkeys(prompts))
        longest = max(map(len, prompts))
        first_row = len(self._scheduler.running) - len(sequences)
        cache = self._room(longest)
        logits = self._read(different, cache.fresh_window(len(different), longest, first_row))
        if len(different) < len(prompts):
            numbers = {prompt: number for number, prompt in enumerate(different)}
            sources = [numbers[prompt] for prompt in prompts]
            # A source never lies behind its copy: from the last row on, none is lost.
            for row, source in reversed(list(enumerate(sources))):
                if source != row:
                    cache.move_row(first_row + source, first_row + row, len(prompts[row]))
            logits = logits[sources]
        return Sampler(sequences, logits.shape[-1], self._device).sample(logits)

    def _prefill_piece(self, sequence: Sequence) -> list[TokenEvent]:
        """Read a piece of a long prompt; after the last one it joins the running rows."""
        if self._long_prompt is None or self._long_prompt.sequence is not sequence:
            cache = self._new_cache(rows=1, capacity=sequence.length)
            self._long_prompt = LongPrompt(sequence, cache)
        piece, window = self._long_prompt.next_piece(self._scheduler.prefill_tokens)
        logits = self._read([piece], window)
        if not self._long_prompt.is_read:
            return []
        self._scheduler.run_prefilled()
        row = torch.tensor([len(self._scheduler.running) - 1], device=self._device)
        self._room(sequence.length).place(self._long_prompt.cache, row)
        self._long_prompt = None
        sampled = Sampler([sequence], logits.shape[-1], self._device).sample(logits)
        return self._record([sequence], sampled)

    def _decode(self) -> Sampled:
        """Read the newest token of every running row."""
        running = self._scheduler.running
        longest = max(sequence.length for sequence in running)
        cache = self._room(longest).window(len(running), longest)
        ids = torch.tensor([sequence.last for sequence in running], device=self._device)
        if self._native is not None and self._native.is_usable:
            logits = self._native.step(ids, cache)
        else:
            logits = self.model(ids[:, None], cache=cache).squeeze(1)
        if self._sampler is None or self._sampler.rows != running:
            self._sampler = Sampler(list(running), logits.shape[-1], self._device)
        return self._sampler.sample(logits)

    def _read(self, prompts: list[tuple[int, ...]], cache: KeyValueCache) -> Float[Tensor, "B V"]:
        """Read prompts into the rows of `cache`, behind what is there; return the logits after."""
        if self._native is not None and self._native.is_usable:
            return self._native.read(prompts, cache)
        # Padded on the right to the longest.
        rows = [torch.tensor(prompt) for prompt in prompts]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        new = torch.tensor([len(prompt) for prompt in prompts], device=self._device)
        lengths = cache.lengths + new
        hidden = self.model.hidden(ids, cache=cache)
        cache.set_lengths(lengths)
        return self.model.logits(hidden[torch.arange(len(prompts), device=self._device), new - 1])

    def _room(self, length: int) -> KeyValueCache:
        """Return the cache, with `length` slots or more for every running request."""
        old, rows, capacity = self._cache, len(self._scheduler.running), 0
        if old is not None:
            if rows <= old.rows and length <= old.capacity:
                return old
            rows, capacity = max(rows, old.rows), old.capacity
        if capacity < length:
            capacity = self._capacity_for(length)
        rows = min(_power_of_two(rows), self._scheduler.max_batch)
        self._cache = self._new_cache(rows, capacity)
        if old is not None:
            self._cache.place(old, torch.arange(old.rows, device=self._device))
        return self._cache

    def _capacity_for(self, length: int) -> int:
        """Return the slots of a row for texts of `length` tokens that grow."""
        steps = -(-length // CAPACITY_STEP)
        return min(2 * steps * CAPACITY_STEP, max(self.max_length, length))

    def _new_cache(self, rows: int, capacity: int) -> KeyValueCache:
        dtype = cache_dtype(self.model.token_embedding.weight)
        return KeyValueCache(self.model.config, rows, capacity, dtype=dtype, device=self._device)

    def _record(self, sequences: list[Sequence], sampled: Sampled) -> list[TokenEvent]:
        rows = zip(sequences, sampled.ids, sampled.log_probs, sampled.alternatives, strict=True)
        events = [row.append(token, log_prob, others) for row, token, log_prob, others in rows]
        self._release()
        return events

    @torch.inference_mode()
    def _release(self) -> None:
        """Give the rows of ended requests to the last ones, so that the front stays full."""
        for source, destination in self._scheduler.release():
            assert self._cache is not None
            # The newest token is not in the cache yet.
            length = self._scheduler.running[destination].length - 1
            self._cache.move_row(source, destination, length)
        self._give_back()

    def _give_back(self) -> None:
        """Free most of a cache that few rows use, and all of one that none uses.

        A server's memory then follows those who write now, not the most who ever wrote at once.
        """
        running, old = self._scheduler.running, self._cache
        if not running:
            self._cache = self._sampler = None
            if self._native is not None:
                self._native.give_back()
        elif old is not None and len(running) * SPARSE <= old.rows:
            longest = max(sequence.length for sequence in running)
            capacity = min(old.capacity, self._capacity_for(longest))
            self._cache = self._new_cache(2 * _power_of_two(len(running)), capacity)
            used = torch.arange(len(running), device=self._device)
            self._cache.place(old.window(len(running), capacity), used)


def _power_of_two(number: int) -> int:
    """Return the smallest power of two not below `number`: doubling rarely copies the cache."""
    return 1 << (number - 1).bit_length()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Turn dropout off and run compiled blocks eagerly within the block; restore the mode after."""
    was_training = model.training
    if was_training:
        model.eval()
    try:
        with uncompiled():
            yield
    finally:
        if was_training:
            model.train()


def uncompiled() -> AbstractContextManager[object]:
    """Run compiled blocks eagerly: they would compile anew for every length of text."""
    # Importing the compiler takes a second, and where it is not imported nothing is compiled.
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance


def cache_dtype(weight: Tensor) -> torch.dtype:
    """Return the format of keys and values: the model's dtype, autocast's where it is on.

    A CPU keeps fp32: its attention over a bf16 cache takes 2 to 4 times as long.
    """
    if weight.device.type == "cpu":
        return torch.float32
    if torch.is_autocast_enabled(weight.device.type):
        return torch.get_autocast_dtype(weight.device.type)
    return weight.dtype
