"""Labelling in a browser: every kind of task by keys, mouse and touch, and the managers' pages."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.steps import LOOKS, PHONE, check, press
from fledge.database.label_projects import LabelProject
from fledge.database.temporary import TemporaryDatabase
from fledge.feedback.judgements import Kind
from fledge.feedback.label_tasks import tasks_from

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
LONG = "The moon pulls on the oceans.\n\n" * 40
ANSWERS = ["The **moon** pulls on the sea.", "It is the wind on the sea.", LONG, "Nobody knows."]
REFUSALS = ("status of 400", "status of 409", "ERR_FAILED")
"""What the browser itself says of a request that a test wants to fail."""


@pytest.fixture
def open_label(browser: Browser, url: str, database: TemporaryDatabase) -> Iterator[OpenPage]:
    """Opens a page of labelling; projects of the test before are closed."""
    for project in database.label_projects.list():
        database.label_projects.change(project.id, is_open=False, name=project.id)
    complaints: list[str] = []
    contexts = []

    def opened(path: str, **options: object) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [each for each in complaints if not any(name in each for name in REFUSALS)] == []


def project(
    database: TemporaryDatabase, kind: Kind, num_answers: int, num_tasks: int = 2
) -> LabelProject:
    """A project with a guideline, and tasks that differ in their prompts only."""
    made = database.label_projects.create(f"Tides: {kind}", kind)
    database.label_projects.write_guideline(made.id, "# Tides\n\nRight answers first.")
    answers = [{"id": str(number), "content": text} for number, text in enumerate(ANSWERS)]
    lines = [
        json.dumps({"prompt": f"Why are there tides? ({n})", "responses": answers[:num_answers]})
        for n in range(num_tasks)
    ]
    database.label_tasks.add(made.id, tasks_from("\n".join(lines).encode(), kind))
    return made


def judged(database: TemporaryDatabase, made: LabelProject) -> list[dict[str, object]]:
    """The stored judgements, the oldest first."""
    found = database.label_results.judgements(made.id)
    return [each.assignment.judgement or {} for each in found]


def order(page: Page, text: str) -> None:
    expect(page.locator("#order")).to_have_text(text)


def keys(page: Page, pressed: str) -> None:
    for key in pressed.split():
        page.keyboard.press(key)


def saved(page: Page) -> None:
    expect(page.locator("#kept")).to_have_text("Draft saved")


def drag(page: Page, letter: str, onto: str, share: float) -> None:
    """Drag an answer by its grip to a share of another's height."""
    page.locator(f"[data-letter={onto}]").scroll_into_view_if_needed()
    start = page.locator(f"[data-letter={letter}] .grip").bounding_box()
    end = page.locator(f"[data-letter={onto}]").bounding_box()
    assert start is not None and end is not None
    x, y = start["x"] + 5, start["y"] + 5
    page.mouse.move(x, y)
    page.mouse.down()
    for step in (0.5, 1.0):
        page.mouse.move(x + 10, y + (end["y"] + end["height"] * share - y) * step)
    page.mouse.up()


def test_answers_are_ranked_by_keys_and_by_mouse(
    open_label: OpenPage, database: TemporaryDatabase
) -> None:
    project(database, "rank", 4)
    page = open_label("/label", viewport={"width": 1280, "height": 1400})
    expect(page.get_by_text("0 of 2 judgements")).to_be_visible()
    check(page, "projects")
    page.get_by_role("link", name="Start with Tides: rank").click()
    expect(page.get_by_role("complementary")).to_contain_text("Right answers first.")
    expect(page.get_by_role("button", name="Show all of answer")).to_have_count(1)
    check(page, "nothing ranked")
    keys(page, "Control+Enter")
    expect(page.locator("#toast")).to_contain_text("Not ranked yet: A, B, C, D.")

    keys(page, "2 2 1 4")  # each goes to the next answer
    order(page, "C=1 A=2 B=2 D=4")
    keys(page, "c ArrowDown")
    order(page, "A=1 B=1 C=3 D=4")
    keys(page, "=")
    order(page, "A=1 B=1 C=1 D=4")
    keys(page, "=")
    order(page, "A=1 B=1 C=3 D=4")
    expect(page.locator("[data-letter=C]")).to_be_focused()
    drag(page, "D", "A", 0.02)
    order(page, "D=1 A=2 B=2 C=4")
    drag(page, "D", "C", 0.5)
    order(page, "A=1 B=1 C=3 D=3")
    keys(page, "l")
    expect(page.locator(".label-group-name")).to_have_text(["Rank 1 (best)", "Rank 3"])
    check(page, "columns")
    keys(page, "l a Shift+Digit1 d Shift+Digit7")
    expect(page.get_by_text("A is ranked above D, but rated lower (1 against 7).")).to_be_visible()
    keys(page, "x")
    expect(page.get_by_role("dialog").locator("ins").first).to_be_visible()
    check(page, "differences")
    keys(page, "Escape ?")
    check(page, "keys")


def test_a_ranking_survives_a_reload_and_is_taken_back(
    open_label: OpenPage, database: TemporaryDatabase
) -> None:
    made = project(database, "rank", 4)
    page = open_label(f"/label/{made.id}")
    order(page, "Not ranked yet: A, B, C, D.")
    keys(page, "1 1 3 3 a Shift+Digit1 d Shift+Digit7 n")
    page.keyboard.type("Close.")
    keys(page, "Escape")
    expect(page.locator("[data-letter=D]")).to_be_focused()
    saved(page)
    page.reload()
    order(page, "A=1 B=1 C=3 D=3")
    expect(page.get_by_label("Notes")).to_have_value("Close.")
    expect(page.get_by_text("A is ranked above D, but rated lower (1 against 7).")).to_be_visible()

    keys(page, "Control+Enter")
    expect(page.locator("#toast")).to_contain_text("Submitted.")
    order(page, "Not ranked yet: A, B, C, D.")
    (judgement,) = judged(database, made)
    assert [len(group) for group in judgement["ranking"]] == [2, 2]
    assert sorted(judgement["ratings"].values()) == [1, 7]
    keys(page, "u")
    order(page, "A=1 B=1 C=3 D=3")
    assert judged(database, made) == []
    keys(page, "Control+Enter")
    order(page, "Not ranked yet: A, B, C, D.")
    database.label_steps.rely_on(made.id)
    keys(page, "u")
    expect(page.locator("#toast")).to_contain_text("it can't be taken back.")

    keys(page, "1")
    keys(page, "s")
    check(page, "skipping")
    page.get_by_label("Reason").fill("I don't know the sea.")
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(page.get_by_text("You have done everything that this project has")).to_be_visible()
    press(page, "Your work")
    expect(page.get_by_role("dialog").get_by_text("I don't know the sea.")).to_be_visible()
    check(page, "history")
    keys(page, "Escape u")
    order(page, "Not ranked yet: B, C, D.")  # the skip had saved the draft first


def test_an_older_draft_of_the_browser_is_offered_and_replaces_nothing(
    open_label: OpenPage, database: TemporaryDatabase
) -> None:
    made, owner = project(database, "rank", 2), database.accounts.owner()
    assert owner is not None
    drawn = database.label_queue.draw(owner.id, made.id)
    assert drawn is not None
    database.label_queue.save_draft(owner.id, drawn.id, {"ranking": [["A"], ["B"]]}, 60.0)
    page = open_label("/label")
    here = json.dumps({"draft": {"ranks": {"B": 1, "A": 2}}, "seconds": 5})
    page.evaluate("entry => localStorage.setItem(...entry)", [f"fledge.label.{drawn.id}", here])
    page.goto(f"{page.url}/{made.id}")
    order(page, "A=1 B=2")
    press(page, "Use it")
    order(page, "B=1 A=2")
    saved(page)
    assert page.evaluate("key => localStorage.getItem(key)", f"fledge.label.{drawn.id}") is None


def test_answers_are_ranked_by_touch(open_label: OpenPage, database: TemporaryDatabase) -> None:
    made = project(database, "rank", 2, num_tasks=1)
    page = open_label(f"/label/{made.id}", **PHONE, color_scheme="dark")
    expect(page.get_by_role("complementary")).to_contain_text("Right answers first.")
    check(page, "the first task")
    page.get_by_role("button", name="Hide the guidelines").tap()
    page.get_by_label("Rank of answer B").select_option("1")
    order(page, "Not ranked yet: A.")
    page.get_by_role("button", name="Move down: answer A").tap()
    order(page, "B=1 A=2")
    page.locator("#foot").scroll_into_view_if_needed()
    start = page.locator("[data-letter=A] .grip").bounding_box()
    end = page.locator("[data-letter=B]").bounding_box()
    assert start is not None and end is not None
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: dict[str, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    x = start["x"] + 5
    send("touchStart", {"x": x, "y": start["y"] + 5})
    for y in (start["y"] - 20, end["y"] + 20, end["y"] + 4):
        send("touchMove", {"x": x, "y": y})
    send("touchEnd")
    order(page, "A=1 B=2")
    page.locator("[data-letter=A]").get_by_label("5", exact=True).tap()
    saved(page)
    check(page, "ranked")
    press(page, "Submit")
    expect(page.get_by_text("You have done everything that this project has")).to_be_visible()
    assert [*judged(database, made)[0]["ratings"].values()] == [5]


def test_answers_are_rated_compared_and_written(
    open_label: OpenPage, database: TemporaryDatabase
) -> None:
    rated, compared = project(database, "rate", 2), project(database, "compare", 2)
    written = project(database, "demonstrate", 1, num_tasks=1)
    page = open_label(f"/label/{rated.id}", **LOOKS["dark"])
    origin = page.url.partition("/label")[0]
    expect(page.locator("#task")).to_be_visible()
    check(page, "rate")
    keys(page, "6 c ArrowRight 2 Control+Enter")
    expect(page.locator("#toast")).to_contain_text("Submitted.")
    (judgement,) = judged(database, rated)
    assert sorted(judgement["ratings"].values()) == [2, 6]
    ((best, flags),) = judgement["flags"].items()
    assert (judgement["ratings"][best], flags) == (6, ["hallucination"])

    page.goto(f"{origin}/label/{compared.id}")
    expect(page.locator("#task")).to_be_visible()
    check(page, "compare")
    keys(page, "ArrowRight")
    expect(page.get_by_role("button", name="B is better")).to_have_attribute("aria-pressed", "true")
    keys(page, "= Control+Enter")
    expect(page.locator("#toast")).to_contain_text("Submitted.")
    assert [len(group) for group in judged(database, compared)[0]["ranking"]] == [2]
    keys(page, "s")
    page.get_by_label("The prompt contains personal data").check()
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(page.get_by_text("You have done everything that this project has")).to_be_visible()

    page.goto(f"{origin}/label/{written.id}")
    press(page, "Edit this answer")
    expect(page.get_by_label("Ideal answer", exact=True)).to_have_value(ANSWERS[0])
    page.route("**/draft", lambda route: route.abort())  # the connection is lost
    press(page, "Add a turn")
    page.get_by_label("The person's next message").fill("Why?")
    page.get_by_label("Ideal answer to it").fill("It is near.")
    expect(page.locator("#kept")).to_have_text("Not on the server yet; kept in this browser")
    check(page, "demonstrate")
    page.reload()
    expect(page.get_by_label("Ideal answer to it")).to_have_value("It is near.")
    page.unroute("**/draft")
    taken = {"expires_at": None, "guideline_version": 1}
    page.route("**/draft", lambda route: route.fulfill(json=taken))
    page.get_by_label("Ideal answer to it").fill("It is near u")
    expect(page.get_by_text("others have taken it. What you entered is still")).to_be_visible()
    page.unroute("**/draft")
    database.label_projects.write_guideline(written.id, "Short ones, please.")
    page.get_by_label("Ideal answer to it").fill("It is near us.")
    expect(page.get_by_text("The guidelines have changed: version 2 is new.")).to_be_visible()
    expect(page.get_by_text("others have taken it")).to_have_count(0)
    keys(page, "Control+Enter")
    expect(page.get_by_text("You have done everything that this project has")).to_be_visible()
    said = [turn["content"] for turn in judged(database, written)[0]["messages"]]
    assert said == [ANSWERS[0], "Why?", "It is near us."]


def test_a_manager_keeps_a_project(open_label: OpenPage, database: TemporaryDatabase) -> None:
    page = open_label("/label")
    page.get_by_role("link", name="Create a project").click()
    check(page, "no project")
    press(page, "New project")
    check(page, "new project")
    page.get_by_label("Name").fill("Sea")
    page.get_by_label("Guidelines (Markdown)").fill("Be **right**.")
    press(page, "Create project")
    expect(page.get_by_role("heading", name="Sea")).to_be_visible()
    lines = page.get_by_label("Tasks, one JSON object per line")
    line = json.dumps({"prompt": "Why?", "responses": [{"id": "a", "content": "So."}]})
    lines.fill(f"{line}\nnonsense")
    press(page, "Add tasks")
    expect(page.locator("#line-problems li")).to_have_count(2)
    expect(page.locator("#line-problems")).to_contain_text("line 1: ")
    check(page, "bad lines")
    page.get_by_text("What a line looks like").click()
    example = json.loads(page.locator("#example").text_content() or "")
    gold = json.loads(f"{{{page.locator('#gold-example').text_content()}}}")
    other = {**example, "id": "other", "prompt": "Explain tides to a dog."}
    lines.fill(f"{json.dumps({**example, **gold})}\n{json.dumps(other)}")
    press(page, "Add tasks")
    expect(page.locator("#summary")).to_contain_text("1 task · 1 gold · 0 judgements")
    page.get_by_label("Guidelines (Markdown), version 1").fill("Be *short*.")
    press(page, "Publish")
    expect(page.get_by_text("Version 2 (current)")).to_be_visible()
    press(page, "Delete version 1")
    expect(page.get_by_text("Version 1")).to_have_count(0)
    page.get_by_label("Labellers per task").fill("3")
    press(page, "Save settings")
    expect(page.get_by_text("0 of 3 judgements.")).to_be_visible()
    (made,) = [each for each in database.label_projects.list() if each.name == "Sea"]
    owner = database.accounts.owner()
    assert owner is not None
    database.label_queue.draw(owner.id, made.id)
    page.reload()
    expect(page.get_by_role("cell", name=owner.name)).to_be_visible()
    check(page, "project")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download rankings").click()
    assert download.value.suggested_filename == "rankings.jsonl"
    press(page, "Close project")
    expect(page.get_by_role("button", name="Open project")).to_be_visible()
    page.get_by_role("link", name="All projects").click()
    expect(page.locator(".list-row", has_text="Sea")).to_contain_text("closed")
