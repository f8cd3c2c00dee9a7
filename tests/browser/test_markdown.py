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
