"""Markdown where it becomes dangerous, long, or merely odd; the HTML is written down here."""

import re

import pytest

from fledge.serve.show.markdown import render

LINK = 'target="_blank" rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("~~a~~", "<p><s>a</s></p>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
        ("a<br>b", "<p>a&lt;br&gt;b</p>\n"),
        ("&copy; &lt;", "<p>© &lt;</p>\n"),
        ("", ""),
        ("    code <x>", '<pre tabindex="0"><code>code &lt;x&gt;\n</code></pre>\n'),
    ],
)
def test_text_is_shown_as_it_was_meant(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://a.example/?b=c&d", "https://a.example/?b=c&amp;d"),
        ("http://a.example", "http://a.example"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("vbscript:x", None),
    ],
)
def test_a_link_leads_to_a_page_or_to_an_address_and_tells_nobody_whence(
    address: str, kept: str | None
) -> None:
    html = render(f"[here]({address})")
    if kept is None:
        assert "href" not in html
    else:
        assert html == f'<p><a href="{kept}" {LINK}>here</a></p>\n'


def test_a_picture_is_never_loaded() -> None:
    html = render("![the chat](https://evil.example/?leak)")
    assert "<img" not in html and "src" not in html


def test_a_title_of_a_link_breaks_out_of_nothing() -> None:
    html = render("[a](https://b.example '\" onclick=\"x')")
    assert re.findall(r"\son\w+=", html.replace("&quot;", "")) == [" onclick="]
    assert 'title="&quot; onclick=&quot;x"' in html


@pytest.mark.parametrize(
    ("marks", "levels"),
    [
        ("# a\n# b", [3, 3]),
        ("# a\n## b\n### c", [3, 4, 5]),
        ("### a", [3]),
        ("# a\n###### b", [3, 4]),
        ("# a\n## b\n### c\n#### d\n##### e", [3, 4, 5, 6, 6]),
        ("# a\n### b\n# c", [3, 4, 3]),
        ("a\n===\nb\n---", [3, 3]),
    ],
)
def test_headings_step_down_from_the_page_s_own(marks: str, levels: list[int]) -> None:
    html = render(marks)
    assert [int(level) for level in re.findall(r"<h(\d)>", html)] == levels
    assert [int(level) for level in re.findall(r"</h(\d)>", html)] == levels


def test_code_is_coloured_up_to_twenty_thousand_characters() -> None:
    line = "x = 1  # a comment\n"
    short = line * (20_000 // len(line))
    coloured = render(f"```python\n{short}```")
    assert '<span class="c1"># a comment</span>' in coloured
    assert 'data-language="python"' in coloured
    assert "<span" not in render(f"```python\n{short}{line}{line}```")


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("python", "python"),
        ("python title='x'", "python"),
        ("c++", "c++"),
        ("nonsense", "nonsense"),
        ('"><script>', "&quot;&gt;&lt;script&gt;"),
        ("", None),
        ("   ", None),
    ],
)
def test_a_language_is_named_by_its_first_word(info: str, language: str | None) -> None:
    html = render(f"```{info}\n<b>\n```")
    found = re.findall(r'data-language="([^"]*)"', html)
    named = [each.replace(">", "&gt;").replace("<", "&lt;") for each in found]
    assert named == ([] if language is None else [language])
    assert "<b>" not in html and "<script" not in html


@pytest.mark.parametrize("text", ["$x^2$", r"\(x^2\)"])
def test_a_formula_in_a_line_is_mathml(text: str) -> None:
    html = render(f"so {text} it is")
    assert '<math display="inline">' in html
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert html.startswith("<p>so ") and html.endswith(" it is</p>\n")


@pytest.mark.parametrize("text", ["$$x^2$$", r"\[x^2\]"])
def test_a_formula_of_its_own_stands_in_a_block(text: str) -> None:
    assert '<math display="block">' in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 or $6",
        "$ x $",
        r"\(x",
        r"\]x\[",
        "a $$ b",
    ],
)
def test_what_only_looks_like_a_formula_is_text(text: str) -> None:
    assert "<math" not in render(text)


def test_a_formula_is_read_up_to_two_thousand_characters() -> None:
    assert "<math" in render(f"${'x' * 2_000}$")
    long = render(f"${'x' * 2_001}$")
    assert "<math" not in long and f"<code>{'x' * 2_001}</code>" in long


@pytest.mark.parametrize("latex", [r"\frac{a", r"\left( x", r"\begin{matrix} a", "{" * 50, "}"])
def test_a_formula_that_is_broken_stays_as_it_was_written(latex: str) -> None:
    html = render(f"${latex}$")
    assert html.startswith("<p>") and html.endswith("</p>\n")


def test_no_formula_brings_an_address_or_a_style() -> None:
    for latex in (r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{a}{x}"):
        html = render(f"${latex}$")
        assert "href=" not in html and "style=" not in html
        assert re.findall('class="([^"]*)"', html) == ["math inline"]


def test_a_table_is_framed_and_aligned_by_class() -> None:
    html = render("|a|b|\n|:-|-:|\n|1|2|\n")
    assert html.startswith('<div class="table" tabindex="0"><table>\n')
    assert html.endswith("</table></div>\n")
    assert '<th class="align-left">a</th>' in html and '<td class="align-right">2</td>' in html
    assert "style=" not in html


def test_a_text_that_is_too_long_to_be_kept_is_rendered_all_the_same() -> None:
    for length in (7_999, 8_001):
        text = "a" * length
        assert render(text) == render(text) == f"<p>{text}</p>\n"
