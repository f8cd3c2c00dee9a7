"""`fledge data`: agreement, scores, personal data, and the feedback of a server."""

import json
import re
from pathlib import Path

import pytest

from databases import answered
from fledge.database import open_database

PAGE = Path(__file__).parents[2] / "docs" / "agreement.md"


def ranked(who: str | None, better: str, worse: str, question: str, **more: object) -> dict:
    return {
        "prompt": [{"role": "user", "content": question}],
        "responses": [
            {"id": "a", "content": f"{better} says", "model": better},
            {"id": "b", "content": f"{worse} says", "model": worse},
        ],
        "ranking": [["a"], ["b"]],
        "labeler": who,
        **more,
    }


@pytest.fixture
def rankings(tmp_path: Path) -> Path:
    records = [
        ranked(who, *(("big", "small") if who != "Bo" or n % 3 else ("small", "big")), f"q{n}")
        for n in range(12)
        for who in ("Ann", "Bo")
    ]
    records[0] |= {"seconds": 20, "gold": [["a"], ["b"]]}
    records.append(ranked(None, "big", "small", "q0"))
    path = tmp_path / "rankings.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def test_agreement_is_a_table_and_json(fledge, rankings) -> None:
    code, out, _ = fledge("data", "agreement", rankings)
    assert code == 0
    assert "25 records, 1 without a labeller left out: 2 labellers, 12 prompts" in out
    assert "pairwise agreement" in out and "66.7%" in out and "12 pairs" in out
    assert "1 known" in out and "Ann" in out
    code, out, _ = fledge("data", "agreement", rankings, "--json")
    report = json.loads(out)
    assert report["pairs"]["agreement"]["value"] == pytest.approx(2 / 3)
    assert report["people"]["Ann"]["gold"]["value"] == 1
    assert report["ratings"] is None and report["seconds"] == [20, 20, 20]


def test_the_page_shows_what_the_commands_print(fledge, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], {})
    shown = re.findall(r"```text\n(.*?)\n```", text, re.DOTALL)
    for command, table in zip(("agreement", "scores"), shown, strict=True):
        _, out, _ = fledge("data", command, "judged.jsonl")
        assert "\n".join(map(str.rstrip, out.rstrip().splitlines())) == table


def test_agreement_of_nobody_is_an_error(fledge, tmp_path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"prompt": "q", "chosen": "a", "rejected": "b"}) + "\n")
    code, _, err = fledge("data", "agreement", path)
    assert code == 1 and 'none of 1 records names who judged; expected a "labeler"' in err


def test_a_judgement_of_an_answer_that_is_not_there_is_named(fledge, rankings) -> None:
    for wrong in ({"gold": [["c"]]}, {"ratings": {"c": 3}}, {"flags": {"c": ["rude"]}}):
        with rankings.open("a") as file:
            file.write(json.dumps(ranked("Cy", "big", "small", "q", **wrong)) + "\n")
    code, _, err = fledge("data", "agreement", rankings)
    assert code == 1 and "rankings.jsonl:26" in err
    assert "gold speaks of responses that are not there: ['c']" in err
    code, _, err = fledge("data", "agreement", rankings, "--skip-bad")
    assert code == 0 and "3 bad records skipped" in err


def test_scores_of_models_tell_what_they_do_not_tell(fledge, rankings, tmp_path) -> None:
    code, out, _ = fledge("data", "scores", rankings)
    lines = out.splitlines()
    assert code == 0 and [line.split()[0] for line in lines] == ["model", "big", "small"]
    assert "never compared" not in out and "not known" not in out
    with rankings.open("a") as file:
        file.write(json.dumps(ranked("Ann", "red", "blue", "q")) + "\n")
    code, out, _ = fledge("data", "scores", rankings)
    assert "2 groups that were never compared" in out and "red *" in out and "big *" not in out
    assert "how far apart they are is not known" in " ".join(out.split())
    code, out, _ = fledge("data", "scores", rankings, "--json")
    assert json.loads(out)["red"]["bounded"] is False
    pair = {"prompt": "q", "chosen": "a", "rejected": "b"}
    models = {"chosen_model": "x", "rejected_model": "y"}
    for record, expected in ((pair, 1), ({**pair, **models}, 0)):
        path = tmp_path / "pairs.jsonl"
        path.write_text(json.dumps(record) + "\n")
        assert fledge("data", "scores", path)[0] == expected


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    path = tmp_path / "chats.jsonl"
    records = [
        {"prompt": "Who?", "response": "Me, in 1984."},
        {"messages": [{"role": "user", "content": "I am ada@example.org, +49 30 901820"}], "n": 1},
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def test_personal_data_is_listed_by_line_and_field(fledge, chats, tmp_path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("One\n\nPay with 4111 1111 1111 1111 today\n")
    code, out, err = fledge("data", "personal", chats, text)
    assert code == 0 and out.splitlines() == [
        f"{chats}:2: mail a…@example.org in 'messages[0].content'",
        f"{chats}:2: phone +4…20 in 'messages[0].content'",
        f"{text}:3: card 41…11 in 'text'",
    ]
    assert "1 mail addresses, 1 phone numbers, 1 card numbers in 2 of 3 records" in err


@pytest.mark.parametrize(
    ("how", "second"),
    [
        ((), {"messages": [{"role": "user", "content": "I am [mail], [phone]"}], "n": 1}),
        (("--how", "drop"), None),
        (("--how", "mark"), "marked"),
    ],
)
def test_personal_data_is_replaced_marked_or_left_out(fledge, chats, tmp_path, how, second) -> None:
    clean = tmp_path / "clean.jsonl"
    assert fledge("data", "personal", chats, "-o", clean, *how)[0] == 0
    before = [json.loads(line) for line in chats.read_text().splitlines()]
    after = [json.loads(line) for line in clean.read_text().splitlines()]
    if second == "marked":
        second = {**before[1], "personal": ["mail", "phone"]}
    assert after == [before[0]] + ([] if second is None else [second])


def test_a_file_is_not_overwritten_while_it_is_read(fledge, chats) -> None:
    code, _, err = fledge("data", "personal", chats, "-o", chats)
    assert code == 2 and "is read; name another file" in err
    code, _, err = fledge("data", "personal", chats, "--how", "drop")
    assert code == 2 and "without --output" in err


def test_a_long_list_is_cut_and_can_be_had_whole(fledge, tmp_path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("".join(f"a{n}@example.org\n" for n in range(130)))
    out = fledge("data", "personal", path)[1].splitlines()
    assert len(out) == 101 and out[-1] == "… and 30 more; --all lists them"
    assert len(fledge("data", "personal", path, "--all")[1].splitlines()) == 130


def test_the_feedback_of_a_server_becomes_files(fledge, tmp_path) -> None:
    file = tmp_path / "fledge.db"
    database = open_database(file)
    for login, allows in (("ada", True), ("eve", False)):
        account = database.accounts.create(login, name=login, role="user", password_hash="-")
        database.accounts.change(account.id, allows_training=allows)
        chat = database.conversations.create(account.id)
        one, two = (answered(database, account.id, chat.id, text) for text in ("one", "two"))
        database.ratings.prefer(account.id, [[one], [two]], seconds=3.0)
        database.ratings.rate(account.id, two, -1, reasons=("wrong",))
        database.ratings.write(account.id, two, "three")
    database.close()
    folder = tmp_path / "feedback"
    code, _, err = fledge("data", "export-feedback", folder, "--database", file)
    assert code == 0 and f"{folder / 'rankings.jsonl'}: 1 records" in err
    (ranking,) = map(json.loads, (folder / "rankings.jsonl").read_text().splitlines())
    (rating,) = map(json.loads, (folder / "ratings.jsonl").read_text().splitlines())
    (written,) = map(json.loads, (folder / "demonstrations.jsonl").read_text().splitlines())
    assert ranking["labeler"] == rating["labeler"] == written["author"]
    assert ranking["consent"] and ranking["seconds"] == 3 and rating["flags"] == ["wrong"]
    assert fledge("data", "agreement", folder / "rankings.jsonl", folder / "ratings.jsonl")[0] == 0
    assert fledge("data", "export-feedback", tmp_path, "--database", file)[0] == 2, "not its own"
