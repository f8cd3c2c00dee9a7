"""Quota: what a person may still ask, and what their requests are charged."""

from fledge.serve.people.limits import Admission, Limiter, LimitScope, Used
from fledge.serve.people.metering import Meter
from fledge.serve.people.person import Person


class Quota:
    """Count requests against the limits of a person, and meter the tokens; touches no disk."""

    def __init__(self, limiter: Limiter, meter: Meter) -> None:
        self._limiter = limiter
        self._meter = meter

    def count(self, person: Person) -> None:
        """Count a request that writes nothing but is work. Raises `LimitReached` (429)."""
        self._limiter.count(person.limits)

    def admit(self, person: Person, model: str, prompt_tokens: int) -> Admission:
        """Admit one answer. Raises `LimitReached` (429).

        Close the admission when the answer has ended, in whatever way.
        """
        admission = self._limiter.admit(person.limits, prompt_tokens)

        def close(completion_tokens: int) -> None:
            admission.close(completion_tokens)
            self._meter.count(person.id, person.key_id, model, prompt_tokens, completion_tokens)

        return Admission(admission.headers, close)

    def used(self, scope: LimitScope) -> Used:
        """Return the counters of an account or key as they stand."""
        return self._limiter.used(scope)

    def flush(self) -> None:
        """Write the usage that is still in memory, before it is read from the database."""
        self._meter.flush()
