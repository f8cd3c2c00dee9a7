"""Counters for Prometheus, with the names and meanings of vLLM's and the prefix `fledge:`."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fledge.generate.request import EngineLoad, FinishReason

LABELS = ("model_name",)
FIRST_TOKEN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
GAP_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0)
ANSWER_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """Counters of one server."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that only go forward."""
        self.clock = clock
        self.registry = CollectorRegistry()

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"fledge:{name}", meaning, (*LABELS, *labels), registry=self.registry)

        def histogram(name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(
                f"fledge:{name}", meaning, LABELS, registry=self.registry, buckets=buckets
            )

        self.prompt_tokens = counter("prompt_tokens", "Tokens read.")
        self.tokens_generated = counter("tokens_generated", "Tokens written.")
        self.generation_tokens = counter("generation_tokens", "Tokens written, by vLLM's name.")
        self.answers = counter("request_success", "Answers by why they ended.", "finished_reason")
        self.first_token = histogram(
            "time_to_first_token_seconds",
            "From the request to its first text.",
            FIRST_TOKEN_SECONDS,
        )
        self.gap = histogram(
            "inter_token_latency_seconds", "From one token to the next.", GAP_SECONDS
        )
        self.whole = histogram(
            "e2e_request_latency_seconds", "From the request to its end.", ANSWER_SECONDS
        )

    def timer(self, model: str) -> "AnswerTimer":
        """Return a stopwatch for an answer that is asked for now."""
        return AnswerTimer(self, model)


class AnswerTimer:
    """Time one answer, and count its tokens."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._metrics = metrics
        self._model = model
        self._start = metrics.clock()
        self._last: dict[int, float] = {}
        self._counted = 0
        self._open = True

    def piece(self, index: int, num_tokens: int, finish_reason: FinishReason | None) -> None:
        """Record a piece of choice `index`."""
        metrics, model, now = self._metrics, self._model, self._metrics.clock()
        if num_tokens:
            self._counted += num_tokens
            metrics.tokens_generated.labels(model).inc(num_tokens)
            metrics.generation_tokens.labels(model).inc(num_tokens)
            if index not in self._last:
                metrics.first_token.labels(model).observe(now - self._start)
            else:
                # Tokens without text of their own share the gap with the token that shows it.
                metrics.gap.labels(model).observe((now - self._last[index]) / num_tokens)
            self._last[index] = now
        if finish_reason is not None:
            metrics.answers.labels(model, finish_reason).inc()

    def close(self, prompt_tokens: int, completion_tokens: int = 0) -> None:
        """Record the end of the answer; only the first call counts.

        `completion_tokens` may be more than the pieces had: an upstream tells their sum at its end.
        """
        if self._open:
            self._open = False
            missed = max(0, completion_tokens - self._counted)
            self._metrics.tokens_generated.labels(self._model).inc(missed)
            self._metrics.generation_tokens.labels(self._model).inc(missed)
            self._metrics.prompt_tokens.labels(self._model).inc(prompt_tokens)
            self._metrics.whole.labels(self._model).observe(self._metrics.clock() - self._start)


class LoadCollector(Collector):
    """Report the running and waiting requests and the fullness of caches when Prometheus asks."""

    def __init__(self, loads: Callable[[], dict[str, EngineLoad]]) -> None:
        self._loads = loads

    def describe(self) -> Iterable[Metric]:
        """Return the names, which registering needs."""
        return self._families()

    def collect(self) -> Iterable[Metric]:
        """Return one row for each model in memory."""
        running, waiting, cache = self._families()
        for model, load in self._loads().items():
            running.add_metric([model], load.running)
            waiting.add_metric([model], load.waiting)
            cache.add_metric([model], load.cache_usage)
        return running, waiting, cache

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        def gauge(name: str, meaning: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"fledge:{name}", meaning, labels=LABELS)

        return (
            gauge("num_requests_running", "Answers being written."),
            gauge("num_requests_waiting", "Requests in the line."),
            gauge("kv_cache_usage_perc", "Share of the cache that holds tokens; 1 is all of it."),
        )
