"""Choose the requests that run: users in turn, each in order, within rows and token budget."""

from collections import Counter

from fledge.errors import GenerationError
from fledge.generate.sequence import Sequence
from fledge.generate.waiting import WaitingLine

PREFILL_TOKENS = 8192
"""Most prompt tokens, padding included, read in one step: it bounds the wait of running rows. A
longer prompt is read in pieces of this size, beside them."""


class Scheduler:
    """Holds the waiting line and the running rows; `running[i]` lives in row i of the cache.

    Rows stay packed at the front: when one ends, the last one takes its place, so the work of a
    step follows the number of running rows. `prefilling` is a long prompt that is read piece by
    piece and gets the next row; meanwhile it counts as running.
    """

    def __init__(
        self, max_batch: int, token_budget: int, prefill_tokens: int | None = None
    ) -> None:
        """`token_budget` bounds rows x longest limit among running requests: cache tokens.

        `prefill_tokens` bounds the tokens read in one step, if not `PREFILL_TOKENS`.
        """
        self.max_batch = max_batch
        self.token_budget = token_budget
        self.waiting = WaitingLine()
        self.running: list[Sequence] = []
        self.prefilling: Sequence | None = None
        self.prefill_tokens = prefill_tokens or PREFILL_TOKENS
        self._ids: set[str] = set()

    @property
    def busy(self) -> bool:
        """True while anything waits or runs."""
        return bool(self.waiting or self.taken)

    @property
    def taken(self) -> list[Sequence]:
        """Requests that have left the line."""
        return [*self.running, *([] if self.prefilling is None else [self.prefilling])]

    def submit(self, sequence: Sequence) -> None:
        """Join the line of its user; an id may be used again once its request has ended."""
        request_id = sequence.request.id
        if request_id in self._ids:
            raise GenerationError(
                f'a request with id "{request_id}" is still waiting or running; '
                "give every request its own id, or cancel the first"
            )
        self._ids.add(request_id)
        self.waiting.join(sequence)

    def admit(self) -> list[Sequence]:
        """Move the head of the line into free rows, never past one that does not fit yet.

        Return the requests to read now. A prompt too long for one step becomes `prefilling`
        instead, one at a time. A request longer than the whole budget runs alone.
        """
        admitted: list[Sequence] = []
        taken = self.taken
        rows = Counter(sequence.request.user for sequence in taken)
        longest_limit = max((sequence.limit for sequence in taken), default=0)
        longest_prompt = 0
        while self.waiting and len(taken) < self.max_batch:
            sequence = self.waiting.head(rows)
            longest_limit = max(longest_limit, sequence.limit)
            if taken and (len(taken) + 1) * longest_limit > self.token_budget:
                break
            if sequence.length > self.prefill_tokens:
                if self.prefilling is not None:
                    break
                self.prefilling = sequence
            else:
                longest_prompt = max(longest_prompt, sequence.length)
                if admitted and (len(admitted) + 1) * longest_prompt > self.prefill_tokens:
                    break
                admitted.append(sequence)
                self.running.append(sequence)
            self.waiting.take(sequence)
            rows[sequence.request.user] += 1
            taken.append(sequence)
        return admitted

    def run_prefilled(self) -> None:
        """Let `prefilling`, whose prompt is read, run in the next row."""
        assert self.prefilling is not None
        self.running.append(self.prefilling)
        self.prefilling = None

    def cancel(self, request_id: str) -> Sequence | None:
        """Mark a request cancelled and take it out of the line; None if it is not here.

        A running one keeps its row until `release`.
        """
        everybody: list[Sequence] = [*self.waiting, *self.taken]
        for sequence in everybody:
            if sequence.request.id == request_id:
                sequence.finish_reason = "cancelled"
                if sequence not in self.running:
                    self._drop(sequence)
                return sequence
        return None

    def _drop(self, sequence: Sequence) -> None:
        """Forget a request that has no row yet."""
        if sequence is self.prefilling:
            self.prefilling = None
        else:
            self.waiting.remove(sequence)
        self._ids.discard(sequence.request.id)

    def release(self) -> list[tuple[int, int]]:
        """Drop ended rows; return (source, destination) of the rows that moved, in order."""
        moves: list[tuple[int, int]] = []
        row = 0
        while row < len(self.running):
            ended = self.running[row]
            if ended.finish_reason is None:
                row += 1
                continue
            self._ids.discard(ended.request.id)
            last = self.running.pop()
            if last is not ended:
                self.running[row] = last  # it may have ended too: looked at next
                if last.finish_reason is None:
                    moves.append((len(self.running), row))
        return moves

    def clear(self) -> None:
        """Forget everything that waits or runs."""
        self.waiting.clear()
        self.running.clear()
        self.prefilling = None
        self._ids.clear()
