"""Quota: count requests, admit them to a model, and charge their tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from fledge.serve.people.admission import NO_ANSWERS, Admission, Answers
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.limits import LimitScope, Used
from fledge.serve.people.metering import Meter
from fledge.serve.people.person import Person

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CountedRequest:
    """Request within its person's requests a minute: it may be read, but run no model yet."""

    person: Person
    limiter: Limiter
    meter: Meter

    async def enter(
        self, model: str, prompt_tokens: int, answers: Answers = NO_ANSWERS
    ) -> Admission:
        """Admit the request on the event loop; raises as `admit`."""
        return await _beside(self.limiter, lambda: self.admit(model, prompt_tokens, answers))

    def admit(self, model: str, prompt_tokens: int, answers: Answers = NO_ANSWERS) -> Admission:
        """Let the request run a model: the only way to an `Admission`.

        Raises:
            LimitReached: 429; a limit on streams or tokens is reached.
        """
        person, meter = self.person, self.meter
        admission = self.limiter.admit(person.limits, prompt_tokens, answers)

        def close(completion_tokens: int) -> None:
            admission.close(completion_tokens)
            meter.count(person.id, person.key_id, model, prompt_tokens, completion_tokens)

        return Admission(admission.headers, close, admission.most_tokens)


class Quota:
    """Count requests against the limits of a person, and meter the tokens.

    Limits that servers share are in the database, which the event loop must not wait for: there,
    call `ask` and `enter`.
    """

    def __init__(self, limiter: Limiter, meter: Meter) -> None:
        self._limiter = limiter
        self._meter = meter

    async def ask(self, person: Person) -> CountedRequest:
        """Count a request on the event loop; raises as `count`."""
        return await _beside(self._limiter, lambda: self.count(person))

    def count(self, person: Person) -> CountedRequest:
        """Count a request, before anything in it is read.

        Raises:
            LimitReached: 429; the person's requests of this minute are used up.
        """
        self._limiter.count(person.limits)
        return CountedRequest(person, self._limiter, self._meter)

    def used(self, scope: LimitScope) -> Used:
        """Return the counters of an account or key as they stand."""
        return self._limiter.used(scope)

    def flush(self) -> None:
        """Write the usage that is still in memory, before it is read from the database."""
        self._meter.flush()


async def _beside(limiter: Limiter, work: Callable[[], T]) -> T:
    return await run_in_threadpool(work) if limiter.is_shared else work()
