"""Formulas in Markdown: which texts are formulas, and how LaTeX's environments are shown."""

import re
import time

import pytest

from fledge.serve.show import formulas
from fledge.serve.show.code import highlighted
from fledge.serve.show.formulas import with_joined_formulas
from fledge.serve.show.latex import formula, readable
from fledge.serve.show.markdown import MAX_MARKDOWN, MOST_HIGHLIGHTED, _rendered, render
from linear import RUNS, assert_linear, run_of

FORMULAS = [
    "$x$",
    "$2$",
    "$2x + 3$",
    "$[0,1)$ and $]0,1[$",
    "$f(x)$",
    "$10.00 - 5.00$",
    "$1$ and $2$",
    "$a$, $b$ and $c$",
    "$2 sin x$",
    "so $a_1*b_2*c$ it is",
    r"$\$5 + \$6$",
    r"$5 \text{apples}$",
    "变量$x$是, 变量 $x=1$，和",
    r"$x = 速度 \times t$",
    r"\(x\)和\(y\)",
    "the price $p$ is $5",
    "$$x$$ and $$y$$",
    "$$\na\n- b\n$$",
    "$$\n\nx\n\n- y\n\n$$",
    "\\[\nx\n- y\n= z\n\\]",
    "> \\[\n> x\n> - y\n> \\]",
    "- item\n  \\[\n  x\n  - y\n  \\]\n- next",
    "1. item\n\n    $$\n    x\n    - y\n    $$",
    "We have: \\[\nx\n- y\n\\] where $z$",
    "\\(x\n- y\\)",
    "|a|b|\n|-|-|\n|$x$|\\(y\\)|",
]
TEXTS = [
    "Price: $5 (US$), $7 (CA$). I have $20, you have 30$. Set $USER:$GROUP.",
    "costs $5-$10, $5–$10, from $100K to $200K",
    "US$5 and US$6, A$5 (AU$) B$6, R$ 5 e R$ 6",
    "5$ and 6$",
    "**$5** and **6$**",
    "价格是$5，我有20$。",
    "I pay $5 (about 4€), or 3$.",
    "cost: $5, $6, and 7$ each; $5/mo vs $7/mo; pay $1,000 or 2,000$ now",
    "The $100 bill and the 5$ bill (~$20) to 30$ (or so)",
    r"\$5 and \$6",
    "$HOME/bin:$PATH ${HOME}/x:${PATH} $(pwd):$(ls) $USER@$HOST $env:PATH",
    "$foo = bar; $baz = 1; awk '{print $1, $2}'; $('#a').b(); $('#c')",
    "`$x$` and `a` $5 `b$`",
    "```\n$$\na\n- b\n$$\n```",
    "~~~\n\\[\na\n\\]\n~~~",
    "    $$\n    a\n    $$",
    "$$ and $ 5 $",
    "\\[\nx\n- y",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_this_is_a_formula(text: str) -> None:
    html = render(text)
    assert "<math" in html
    assert html.count("<li>") == len(re.findall(r"(?m)^(?:- |1\. )(?:item|next)", text))


@pytest.mark.parametrize("text", TEXTS)
def test_this_is_shown_as_written(text: str) -> None:
    html = render(text)
    assert "<math" not in html
    assert html.count("$") == text.count("$")


def test_a_formula_of_several_lines_is_one_formula() -> None:
    assert render("\\[\nx\n- y\n= z\n\\]") == render(r"\[x - y = z\]")
    assert render("a\n\n$$\nx % why\n- y\n$$\n\nb") == render("a\n\n$$ x - y $$\n\nb")
    assert with_joined_formulas("`\\[`\nx\n`\\]`") == "`\\[`\nx\n`\\]`"


def rows(html: str) -> list[list[str]]:
    """The texts of the cells of a formula's table."""
    table = re.search("<mtable.*</mtable>", html)
    assert table is not None, html
    return [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall("<mtd.*?</mtd>", row)]
        for row in re.findall("<mtr.*?</mtr>", table[0])
    ]


@pytest.mark.parametrize(
    ("latex", "cells"),
    [
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", [["a", "=b"], ["c", "=d"]]),
        (r"\begin{aligned}[t] a &= b \\[4pt] c &= d \end{aligned}", [["a", "=b"], ["c", "=d"]]),
        (r"\begin{align} a &= b \\ c &= d \end{align}", [["a", "=b", "(1)"], ["c", "=d", "(2)"]]),
        (r"\begin{align*} a &= b \nonumber \\ c &= d \end{align*}", [["a", "=b"], ["c", "=d"]]),
        (r"\begin{alignedat}{2} a&=b & c&=d \end{alignedat}", [["a", "=b", "c", "=d"]]),
        (r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}", [["a", "=", "b"], ["c", "=", "d"]]),
        (r"\begin{gather} a=b \\ c=d \end{gather}", [["a=b"], ["c=d"]]),
        (r"\begin{gathered} a \\ b \end{gathered}", [["a"], ["b"]]),
        (r"\begin{multline*} a \\ b \end{multline*}", [["a"], ["b"]]),
        (r"\begin{equation} a \\ b \label{eq:1} \end{equation}", [["a"], ["b"]]),
        (r"\begin{dcases} a & b \\ c & d \end{dcases}", [["a", "b"], ["c", "d"]]),
        (r"\begin{rcases} a & b \\ c & d \end{rcases}", [["a", "b"], ["c", "d"]]),
        (r"\begin{cases} 1 & x>0 \\ 0 & \text{else} \end{cases}", [["1", "x>0"], ["0", "else"]]),
        (r"\begin{pmatrix} 1 & 2 \\[2pt] 3 & 4 \end{pmatrix}", [["1", "2"], ["3", "4"]]),
        (r"\begin{array}{@{}l|r@{}} a & b \end{array}", [["a", "b"]]),
        (r"\begin{unheard} a & b \end{unheard}", [["a", "b"]]),
        (r"a &= b \\ c &= d", [["a", "=b"], ["c", "=d"]]),
        (r"a = b \\ c = d", [["a=b"], ["c=d"]]),
    ],
)
def test_rows_and_columns_are_a_table(latex: str, cells: list[list[str]]) -> None:
    html = render(f"$$\n{latex}\n$$")
    found = [[cell.replace("&gt;", ">") for cell in row] for row in rows(html)]
    assert found == cells
    assert "&amp;" not in html and "label" not in html


def test_a_number_of_an_equation_and_an_ampersand_are_kept() -> None:
    assert "<mtext>(7)</mtext>" in render(r"$$a = b \tag{7}$$")
    assert "<mi>&amp;</mi>" in render(r"$a \& b$")
    assert readable(r"\text{a}") == r"\text{a}"


@pytest.mark.parametrize("unit", RUNS)
def test_markdown_is_read_in_linear_time(unit: str) -> None:
    assert_linear(_rendered, unit, 3_000)


@pytest.mark.parametrize("unit", RUNS)
def test_formulas_are_found_in_linear_time(unit: str) -> None:
    assert_linear(with_joined_formulas, unit, 50_000)


@pytest.mark.parametrize("opening", ["\\(", "\\[", "$", "[", "> ", "- ", "1. ", "*a **b "])
def test_a_hundred_thousand_openings_are_rendered_in_seconds(opening: str) -> None:
    assert render(run_of(opening, MAX_MARKDOWN)).count("<math") == 0


def test_a_longer_text_is_shown_without_its_marks() -> None:
    html = render("**a** <b>\n" * (MAX_MARKDOWN // 10 + 1))
    assert html.startswith("<p>**a** &lt;b&gt;<br>\n**a**")


def test_one_text_has_so_much_latex_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "MOST_LATEX", 4)
    html = render("$xy$ $x$ $yz$ $y$")
    assert html.count("<math") == 2 and html.count("<code>") == 2
    assert formula("x" * 2_001, "inline").startswith("<code>")


def test_code_is_highlighted_up_to_a_bound_of_a_whole_text() -> None:
    block = "```python\n" + "x = 1\n" * 1_666 + "```\n\n"
    html = render(block * (MOST_HIGHLIGHTED // 9_996 + 2))
    blocks = html.split("<pre")[1:]
    assert ["<span" in each for each in blocks] == [True] * 6 + [False] * 2


@pytest.mark.parametrize("language", ["c", "c++", "console", "ini", "matlab", "ocaml", "html"])
@pytest.mark.parametrize("unit", ["\n", "=", "0", "a:"])
def test_no_code_keeps_a_lexer_busy(language: str, unit: str) -> None:
    run = run_of(unit, 20_000)
    lines = (run[start : start + 400] for start in range(0, len(run), 400))
    for code in (run, "\n".join(lines)[:20_000]):
        check(code, language)


def check(code: str, language: str) -> None:
    began = time.thread_time()
    html = highlighted(code, language)
    assert re.sub("<[^>]*>", "", html).count("\n") >= code.count("\n")
    assert time.thread_time() - began < 3
