"""Templates that would take the time or the memory of a server are refused within a second."""

import time

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fledge.errors import TokenizerError
from fledge.text.template import compile_template, render_template
from fledge.text.template_bounds import LONGEST_SOURCE
from fledge.text.template_meter import MOST_SECONDS, Meter, TemplateTooCostly

CHAT = [{"role": "user", "content": "Hello"}]
GROWING = (
    "{% set ns = namespace(x='ab', y='ab') %}{% for i in range(60) %}STEP{% endfor %}{{ ns.x }}"
)


def growing(step):
    return GROWING.replace("STEP", step)


LOOPS = {
    "too far": "{% for i in range(10**9) %}x{% endfor %}",
    "empty": "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "of text": "{% for i in range(99999) %}" + "x" * 90_000 + "{% endfor %}",
    "recursive": "{% for i in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "of work": "{% for i in range(9999) %}{% set x = range(99999)|sort %}{% endfor %}",
    "of copies": "{% set x = 'a' * 4000000 %}{% for i in range(90000) %}{% set y = x[::-1] %}"
    "{% endfor %}",
}
MACROS = {
    "endless": "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "tree": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
    "{{ m(60) }}",
    "callers": "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 40
    + "x"
    + "{% endcall %}" * 40,
}
DOUBLING = {
    "joined": growing("{% set ns.x = ns.x ~ ns.x %}"),
    "added": growing("{% set ns.x = ns.x + ns.x %}"),
    "multiplied": growing("{% set ns.x = ns.x * 9 %}"),
    "listed": growing("{% set ns.x = [ns.x, ns.x] %}"),
    "paired": growing("{% set ns.x = (ns.x, ns.x) %}"),
    "keyed": growing("{% set ns.x = {'a': ns.x, 'b': ns.x} %}"),
    "called": growing("{% set ns.x = dict(a=ns.x, b=ns.x) %}"),
    "nested": growing("{% set ns.x = namespace(a=ns.x, b=ns.x) %}"),
    "batched": growing("{% set ns.x = ns.x|batch(2, ns.x)|list %}"),
    "compared": growing("{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}")
    + "{{ ns.x == ns.y }}",
    "set": "{% set x = 'ab' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60 + "{{ x|length }}",
    "filtered": "{% filter replace('x', 'xx') %}" * 60 + "x" + "{% endfilter %}" * 60,
    "of itself": "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
}
AT_ONCE = {
    "mul": "{{ 'x' * 10**10 }}",
    "mul2": "{{ 10**10 * 'x' }}",
    "mulset": "{% set x = 'x' * 10000000000 %}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "percent*": "{{ '%*d' % (1000000000, 1) }}",
    "format": "{{ '{:1000000000d}'.format(1) }}",
    "format2": "{{ '{:{}}'.format(1, 1000000000) }}",
    "fformat": "{{ '%1000000000s'|format('x') }}",
    "formatrep": "{{ ('%(a)s' * 100000) % {'a': 'x' * 1000000} }}",
    "center": "{{ 'x'|center(10**9) }}",
    "ljust": "{{ 'x'.ljust(10**10) }}",
    "zfill": "{{ 'x'.zfill(10000000000) }}",
    "indent": "{{ ('a\n' * 100000)|indent(1000000) }}",
    "expandtabs": "{{ ('\t' * 100000).expandtabs(1000000) }}",
    "tobytes": "{{ (5).to_bytes(10000000000, 'big') }}",
    "replace": "{{ ('x' * 1000000)|replace('x', 'y' * 1000000) }}",
    "replace2": "{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}",
    "replace3": "{{ ('x' * 1000000).replace('', 'y' * 1000000) }}",
    "join": "{{ range(100000)|join('y' * 1000000) }}",
    "join2": "{{ ('y' * 1000000).join('x' * 1000000) }}",
    "translate": "{{ ('x' * 1000000).translate({120: 'y' * 1000000}) }}",
    "round": "{{ 1.5|round(1000000000, 'ceil') }}",
    "sum": "{{ ([[1]] * 1000000)|sum(start=[])|length }}",
    "wrap": "{{ ('a ' * 500000)|wordwrap(1, true, 'x' * 100000) }}",
    "urlize": "{{ ('http://' * 100000)|urlize }}",
    "strip": "{{ ('<' * 1000000)|striptags }}",
    "neg": "{{ 2 ** -100000000000 }}",
    "mapjoin": "{% for i in range(999) %}{{ range(99999)|map('string')|join }}{% endfor %}",
    "pprint": "{{ ('x' * 4000000)|pprint }}",
    "json indent": "{{ ([[1]] * 99999)|tojson(indent=1000) }}",
    "int": "{{ 9 ** (9 ** 9) }}",
}
ESCAPES = {
    "escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "escape2": "{{ self.__init__.__globals__ }}",
    "escape4": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "append": "{% set x = [] %}{% for i in range(9) %}{{ x.append(x) }}{% endfor %}",
    "inc": "{% include 'x' %}",
    "lipsum": "{{ lipsum(n=10**6) }}",
    "attr": "{{ messages.foo() }}",
    "undefined": "{{ a.b.c }}",
}
SOURCES = {
    "parentheses": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "blocks": "{% if 1 %}" * 5_000 + "{% endif %}" * 5_000,
    "lists": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "operators": "{{ " + "not " * 20_000 + "1 }}",
    "length": "x" * (LONGEST_SOURCE + 1),
}
KINDS = {"loop": LOOPS, "macro": MACROS, "doubling": DOUBLING, "at once": AT_ONCE}
ALL = {
    f"{kind} {name}": source
    for kind, sources in {**KINDS, "escape": ESCAPES}.items()
    for name, source in sources.items()
}


@pytest.mark.parametrize("source", ALL.values(), ids=ALL)
def test_a_hostile_template_is_refused_in_bounded_time(source):
    start = time.thread_time()
    with pytest.raises(TokenizerError, match="does not take this conversation") as caught:
        render_template(source, CHAT, {}, False)
    assert time.thread_time() - start < 4 * MOST_SECONDS
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_too_deep_or_too_long_is_refused(source):
    with pytest.raises(TokenizerError, match=r"wrong at line|cannot be compiled"):
        compile_template(source)


def test_an_error_of_the_template_is_cut_short():
    with pytest.raises(TokenizerError, match="xxx…") as caught:
        render_template("{{ raise_exception('x' * 4000000) }}", CHAT, {}, False)
    assert len(str(caught.value)) < 1000


def test_a_long_conversation_is_no_attack():
    messages = [{"role": "user", "content": "word " * 400}] * 2_000
    source = (
        "{% for message in messages %}{{ '<|' ~ message['role'] ~ '|>' + message['content']|trim "
        "+ '<|end|>' }}{% if not loop.last and messages|length > 1 %}{{ '\\n' }}{% endif %}"
        "{% endfor %}{{ messages|tojson|length }}"
    )
    text = render_template(source, messages, {}, False)
    assert text.count("<|end|>") == 2_000


LOOPED = "{% for x in [1, 2] %}{{ loop.previtem }}{{ loop.last }}{{ loop.revindex }}{% endfor %}"
RECURSIVE = (
    "{% for x in [[1, [2]]] recursive %}{% if x is iterable %}{{ loop(x) }}{% else %}{{ x }}"
    "{% endif %}{% endfor %}"
)
COUNTED = (
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}"
    "{{ ns.n }}"
)
FILTERED = "{% for x in messages[::-1] if x.role == 'user' %}{{ x.content }}{% else %}-{% endfor %}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ ['b', 'a']|sort|join(', ') }}", "a, b"),
        ("{{ messages|map(attribute='content')|list }}", "['Hello']"),
        ("{{ messages|selectattr('role', 'equalto', 'user')|list|length }}", "1"),
        ("{{ 'a-b'.replace('-', '+') }}{{ 'x'|replace('x', 'y') }}", "a+by"),
        ("{{ ', '.join(['a', 'b']) }}{{ '%s-%02d' % ('a', 5) }}", "a, ba-05"),
        ("{{ '{:>3}'.format(1) }}{{ 'a\nb'|indent(2) }}", "  1a\n  b"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{{ loop.length }}{% endfor %}", "a=11"),
        (LOOPED, "False21True1"),
        (RECURSIVE, "12"),
        (COUNTED, "1"),
        (FILTERED, "Hello"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m('a') ~ m(1) }}", "<a><1>"),
        ("{% if 'user' in ('user', 'tool') %}{{ 7 // 2 * 3 % 5 ** 2 }}{% endif %}", "9"),
        ("{{ None is none }}{{ missing|default('-') }}", "True-"),
        ("{% for x in [] %}{% else %}none{% endfor %}{{ [1.5, 2]|sum }}", "none3.5"),
        ("{{ 1.26|round(1) }}{{ 'é'|upper }}{{ [3, 1]|max }}", "1.3É3"),
    ],
)
def test_templates_do_as_in_jinja(source, expected):
    plain = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    assert render_template(source, CHAT, {}, False) == expected
    assert plain.from_string(source).render(messages=CHAT) == expected


def meter_at(monkeypatch, times):
    """Let a meter read these processor times, the first as it begins; step until they end."""
    clock = iter(times)
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    meter = Meter(0)
    for _ in times[1:]:
        meter.step()


def test_one_pause_of_the_process_is_no_work_of_the_template(monkeypatch):
    meter_at(monkeypatch, [0.0, 0.1, 1.5, 1.6, 2.3])  # a pause of 1.4 seconds, 0.9 of work


@pytest.mark.parametrize(
    "times",
    [
        [0.0, 0.1, 1.5, 3.0],  # a second pause
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.1],  # steady work
        [0.0, 0.1, 1.5, 1.7, 1.9, 2.1, 2.3, 2.45],  # a pause, then steady work
    ],
)
def test_more_than_a_pause_is_work(monkeypatch, times):
    with pytest.raises(TemplateTooCostly, match="more time than any conversation needs"):
        meter_at(monkeypatch, times)
