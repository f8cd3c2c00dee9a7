import pytest

from fledge.errors import TokenizerError
from fledge.text.chat import ChatTemplate
from fledge.text.template import render_template, take_spans

MESSAGES = [{"role": "user", "content": "hi"}]


def render(source, names=None, generation_prompt=False):
    return render_template(source, MESSAGES, names or {}, generation_prompt)


def test_blocks_leave_no_whitespace():
    # As transformers: the newline after a block and the spaces before one go.
    assert (
        render("{% for m in messages %}\n  {% if true %}\n{{ m.content }}{% endif %}\n{% endfor %}")
        == "hi"
    )


def test_what_transformers_gives_a_template_is_there():
    assert render("{{ messages | tojson }}") == '[{"role": "user", "content": "hi"}]'
    assert render("{{ bos_token }}{{ eos_token }}", {"bos_token": "<s>"}) == "<s>"
    assert len(render("{{ strftime_now('%Y') }}")) == 4
    assert render("{{ tools is none }} {{ add_generation_prompt }}") == "True False"
    assert render("{% for m in messages %}{% break %}{% endfor %}x") == "x"


def test_html_is_not_escaped():
    assert render("{{ '<b>&' | tojson }}{{ '<b>' }}") == '"<b>&"<b>'


@pytest.mark.parametrize(
    ("marked", "text", "spans"),
    [
        ("abc", "abc", []),
        ("a\ufdd0bc\ufdd1d", "abcd", [(1, 3)]),
        ("\ufdd0\ufdd1\ufdd0x\ufdd1", "x", [(0, 0), (0, 1)]),
    ],
)
def test_spans_are_taken_out(marked, text, spans):
    assert take_spans(marked) == (text, spans)


def test_generation_blocks_mark_spans():
    source = (
        "{% for m in messages %}<{% generation %}{{ m.content }}!{% endgeneration %}>{% endfor %}"
    )
    assert take_spans(render(source)) == ("<hi!>", [(1, 4)])


def test_a_template_can_refuse_a_conversation():
    with pytest.raises(TokenizerError, match=r"does not take .*\(roles: user\): no users here"):
        render("{{ raise_exception('no users here') }}")


@pytest.mark.parametrize("source", ["{% for %}", "{{ a", "{% generation %}", "{% nonsense %}"])
def test_wrong_templates_are_refused_at_once(source):
    with pytest.raises(TokenizerError, match="wrong at line 1"):
        ChatTemplate(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception.__globals__.keys() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ range(10000000) | list }}",
        "{{ 1 // 0 }}",
        "{{ messages[0].content + 1 }}",
        "{{ messages[0].content | dictsort }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_hostile_template_gets_nowhere(source):
    with pytest.raises(TokenizerError, match="does not take this conversation"):
        render(source)
