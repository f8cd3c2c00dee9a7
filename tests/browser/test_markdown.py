"""The page's Markdown: what becomes an element, and that text stays text."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SHOW = """async (text) => {
  const { showMarkdown } = await import("/static/markdown.js");
  const box = document.createElement("div");
  for (let end = 1; end <= text.length; end++) showMarkdown(box, text.slice(0, end));
  return box.innerHTML;
}"""


BUILT = [
    ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
    ("**bold** and *it*", "<p><strong>bold</strong> and <em>it</em></p>"),
    ("say `x*y*z` now", "<p>say <code>x*y*z</code> now</p>"),
    ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
    ("- a\n- b\n  more\n\nend", "<ul><li>a</li><li>b<br>more</li></ul><p>end</p>"),
    ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
    ("# Title\ntext", "<h3>Title</h3><p>text</p>"),
    ("> wise\n> words", "<blockquote><p>wise<br>words</p></blockquote>"),
    ("**open", "<p>**open</p>"),
    ("<b>x</b> &amp; <script>", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp; &lt;script&gt;</p>"),
    ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
    (
        "|a|b|\n|-|-|\n|1|`2`|",
        '<div class="table"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table></div>",
    ),
    ("## Title ##\n#no", "<h4>Title</h4><p>#no</p>"),
    ("\\[\nx\n- y\n= z\n\\]\n\n- a", "<p>\\[<br>x<br>- y<br>= z<br>\\]</p><ul><li>a</li></ul>"),
    ("$$\n\n- y\n$$\nend", "<p>$$<br><br>- y<br>$$</p><p>end</p>"),
    ("so $a_1*b_2*c$ and \\(*x*\\) *it*", "<p>so $a_1*b_2*c$ and \\(*x*\\) <em>it</em></p>"),
    ("**$5** and **6$**", "<p><strong>$5</strong> and <strong>6$</strong></p>"),
    ("a ``b`c`` `d", "<p>a <code>b`c</code> `d</p>"),
    ("one\n\ntwo\n\n- a\n\nend", "<p>one</p><p>two</p><ul><li>a</li></ul><p>end</p>"),
]


def test_markdown_built_piece_by_piece_is_that_of_the_whole(open_page: Callable[..., Page]) -> None:
    page = open_page()
    for text, html in BUILT:
        assert page.evaluate(SHOW, text) == html


def test_an_open_fence_is_code_already(open_page: Callable[..., Page]) -> None:
    html = open_page().evaluate(SHOW, "```js\nlet x = '<b>'\n\ny")
    assert html == (
        '<pre tabindex="0"><code data-language="js">let x = \'&lt;b&gt;\'\n\ny</code></pre>'
    )


TIMED = """async ([unit, length, step]) => {
  const { showMarkdown } = await import("/static/markdown.js");
  const text = unit.repeat(length / unit.length + 1).slice(0, length - 1) + "\\x01";
  const box = document.createElement("div");
  const began = performance.now();
  for (let end = step; end < length + step; end += step) showMarkdown(box, text.slice(0, end));
  return performance.now() - began;
}"""
RUNS = [
    *(" ", "#", "*", "_", "`", "[", "(", "\\", "<", "&", "7", "a", "$", "|", "-", ">", "~", "\n"),
    *("\\(", "\\[", "$$", "$a", "**a", "*a ", "`a", "|-", "| ", "- ", "``` ", "# ", "> ", "\u2028"),
]


def test_a_line_of_one_character_is_painted_at_once(open_page: Callable[..., Page]) -> None:
    page = open_page()
    for unit in RUNS:
        for start in ("", "# ", "- ", "```", "|", "a "):
            milliseconds = page.evaluate(TIMED, [start + unit * 20_000, 20_000, 20_000])
            assert milliseconds < 3_000, (start, unit)


def test_a_long_block_is_not_painted_anew_for_every_piece(open_page: Callable[..., Page]) -> None:
    page = open_page()
    for unit in ("- tide and moon\n", "```\nlet tide = 1;\n", "word after word ", "|a|b|\n"):
        milliseconds = page.evaluate(TIMED, [unit, 40_000, 10])
        assert milliseconds < 10_000, unit
