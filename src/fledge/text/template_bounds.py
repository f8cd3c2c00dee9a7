"""Bounds on a chat template, which comes with a model, from anyone: steps, time, and sizes.

Loops, calls, filters, operators and outputs are counted while a template runs. Sizes are looked at
before a value is made, so that no single step takes the memory or the time of the server.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, wraps
from typing import Any, final

from jinja2 import Template, nodes, pass_context
from jinja2.environment import Environment
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import _PassArg
from jinja2.visitor import NodeTransformer

from fledge.text.template_meter import (
    ITEM,
    Meter,
    TemplateTooCostly,
    check_filter,
    check_operator,
    checked_call,
    checked_join,
)

LONGEST_SOURCE = 400_000
"""Characters of a template: ten times the longest in use."""
COUNTED, JOINED, MEASURED = "_counted", "_joined", "_measured"
"""Filters that are put around the iterables of loops, around `~`, and around literals."""

_FREE = frozenset({"default", "d"})


@final
class MeteredContext(Context):
    """A context that knows the meter of its rendering; templates cannot reach it."""

    meter: Meter

    def derived(self, locals: dict[str, Any] | None = None) -> Context:
        """Return a context of the same rendering."""
        context = super().derived(locals)
        assert isinstance(context, MeteredContext)
        context.meter = self.meter
        return context


def meter_of(context: Context) -> Meter:
    """Return the meter of a rendering."""
    assert isinstance(context, MeteredContext)
    return context.meter


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose templates are metered; call `meter_filters` once its filters are set."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})
    context_class = MeteredContext

    def __init__(self, **options: Any) -> None:
        # Constants are not folded: that would compute them without a meter.
        super().__init__(optimized=False, finalize=_written, **options)
        del self.globals["lipsum"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > LONGEST_SOURCE:
            raise TemplateTooCostly(f"it is longer than {LONGEST_SOURCE:,} characters")
        tree: nodes.Template = _Metered().visit(super()._parse(source, name, filename))
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right` if neither work nor result are too much."""
        meter = meter_of(context)
        meter.step()
        check_operator(meter, operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a function, a method or a macro if neither work nor result are too much."""
        meter = meter_of(__context)
        meter.step()
        args = checked_call(meter, __obj, args, kwargs)
        result = super().call(__context, __obj, *args, **kwargs)
        if isinstance(result, str | bytes | list | tuple):
            meter.admit(len(result))
        return result


def render_bounded(template: Template, values: Mapping[str, object]) -> str:
    """Render a template of a `BoundedEnvironment`.

    Raises:
        TemplateTooCostly: it takes too many steps, too much time, or makes too large a value.
        Exception: any that the template causes, such as a `TypeError`.
    """
    context = template.new_context(dict(values))
    assert isinstance(context, MeteredContext)
    context.meter = Meter(_given(values))
    return "".join(template.root_render_func(context))


def _given(values: Mapping[str, object]) -> int:
    """Count the characters and items that a template is given; they are ours, and end."""
    size, waiting = 0, list(values.values())
    while waiting:
        one = waiting.pop()
        size += ITEM + (len(one) if isinstance(one, str) else 0)
        if isinstance(one, Mapping):
            waiting.extend((*one, *one.values()))
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return size


def meter_filters(environment: Environment) -> None:
    """Put a meter before every filter of an environment, and add those that templates get."""
    environment.filters = {name: _metered(name, f) for name, f in environment.filters.items()}
    environment.filters |= {COUNTED: _counted, JOINED: _joined, MEASURED: _measured}


class _Metered(NodeTransformer):
    """Put meters into a template: around loops, around `~`, and around lists and tables."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        written = sum(len(text.data) for text in node.find_all(nodes.TemplateData))
        node.iter = _filter(node.iter, COUNTED, nodes.Const(written))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), JOINED)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, MEASURED)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, MEASURED)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, MEASURED) if node.ctx == "load" else node


def _filter(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Expr:
    assert isinstance(node, nodes.Expr)
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


@pass_context
def _counted(context: Context, iterable: Iterable[object], written: int) -> Iterator[object]:
    meter = meter_of(context)
    for item in iterable:
        meter.step(written)
        yield item


@pass_context
def _joined(context: Context, parts: list[object]) -> str:
    meter = meter_of(context)
    meter.step()
    meter.admit(sum(map(meter.size_of, parts)))
    return "".join(map(str, parts))


@pass_context
def _measured(context: Context, value: object) -> object:
    meter = meter_of(context)
    meter.step()
    meter.size_of(value)
    return value


@pass_context
def _written(context: Context, value: object) -> object:
    meter = meter_of(context)
    meter.step(meter.size_of(value))
    return value


@cache
def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that is counted, and refused where it would make too much.

    Every template's environment has the same filters, so they are made once.
    """
    passed = _PassArg.from_obj(function)

    @pass_context
    @wraps(function)
    def counted(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        meter = meter_of(context)
        meter.step()
        if name == "join":
            value, args = checked_join(meter, value, args, kwargs)
        elif name not in _FREE:
            check_filter(meter, name, value, args, kwargs)
        if name == "list" and not isinstance(value, str | list | tuple):
            value = list(value)
            meter.size_of(value)
        first = {
            _PassArg.context: (context,),
            _PassArg.eval_context: (context.eval_ctx,),
            _PassArg.environment: (context.environment,),
            None: (),
        }[passed]
        result = function(*first, value, *args, **kwargs)
        if isinstance(result, str | list):
            meter.admit(len(result))
        return result

    # `wraps` copies the mark of what the function itself is passed.
    return pass_context(counted)
