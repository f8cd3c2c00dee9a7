"""The commands that train a translator and use it."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fledge.cli.standard_input import arriving_lines
from fledge.cli.translate import name_unknown_words
from fledge.generate.translation import Translation
from fledge.runs.record import RUN_FILE
from stages.translate.translators import LEARNT, train


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> Path:
    return train(tmp_path_factory.mktemp("translator"), steps=120, **LEARNT)


def lines_of(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_a_sentence_is_translated(fledge, translator: Path) -> None:
    code, out, _ = fledge("translate", translator, "a green dog sleeps")
    assert (code, out) == (0, "un chien vert dort\n")


def test_the_best_are_numbered_and_scored_best_first(fledge, translator: Path) -> None:
    code, out, _ = fledge(
        "translate", translator, "a green dog sleeps", "--best", "3", "--beams", "3", "--scores"
    )
    rows = lines_of(out)
    assert code == 0 and [number for number, _, _ in rows] == ["1"] * 3
    scores = [float(score) for _, score, _ in rows]
    assert scores == sorted(scores, reverse=True) and scores[0] < 0
    assert len({text for _, _, text in rows}) == 3
    _, out, _ = fledge("translate", translator, "a green dog sleeps", "--json")
    record = json.loads(out)
    assert record["source"] == "a green dog sleeps"
    assert record["translations"][0]["score"] == pytest.approx(scores[0], abs=1e-3)


def test_the_length_penalty_changes_the_score_alone(fledge, translator: Path) -> None:
    words = ("translate", translator, "a green dog sleeps", "--scores", "--length-penalty")
    (plain, one), (mean, other) = (lines_of(fledge(*words, alpha)[1])[0] for alpha in ("0", "1"))
    assert one == other and float(plain) < float(mean) < 0


def test_a_file_stays_aligned_line_by_line(fledge, translator: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "a.en", tmp_path / "deep" / "a.fr"
    source.write_text("a green dog sleeps\n\na grey cat eats\n")
    code, out, _ = fledge("translate", translator, "--file", source, "-o", output)
    assert (code, out) == (0, "")
    assert output.read_text() == "un chien vert dort\n\nun chat gris mange\n"


def stdin(raw: io.RawIOBase | bytes) -> io.TextIOWrapper:
    """Standard input with this behind it."""
    return io.TextIOWrapper(
        io.BytesIO(raw) if isinstance(raw, bytes) else io.BufferedReader(raw), encoding="utf-8"
    )


def test_a_pipe_is_read_to_its_end(fledge, translator: Path, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", stdin(b"a green dog sleeps\r\na grey cat eats"))
    _, out, _ = fledge("translate", translator)
    assert out == "un chien vert dort\nun chat gris mange\n"


class Person(io.RawIOBase):
    """Types a line when asked for more, and notes what is on the screen by then."""

    def __init__(self, lines: list[bytes], look: Callable[[], str]) -> None:
        self.lines, self.look = iter(lines), look
        self.seen: list[str] = []

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        self.seen.append(self.look())
        line = next(self.lines, b"")
        buffer[: len(line)] = line
        return len(line)


def test_who_writes_slowly_is_answered_line_by_line(
    fledge, translator: Path, monkeypatch, capsys
) -> None:
    lines = [b"a green dog sle", b"eps\n", b"a grey cat eats\na green cat eats\n", b"a cat eats"]
    person = Person(lines, lambda: capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", stdin(person))
    code, last, _ = fledge("translate", translator)
    assert code == 0 and person.seen[:3] == ["", "", "un chien vert dort\n"]
    assert person.seen[3].splitlines() == ["un chat gris mange", "un chat vert mange"]
    assert len(last.splitlines()) == 1


def test_lines_arrive_whole_however_they_are_cut(monkeypatch) -> None:
    text = "".join(f"{n} é\n" for n in range(500)) + "end"
    for size in (1, 7, 100_000):
        pieces = [text.encode()[i : i + size] for i in range(0, len(text.encode()), size)]
        monkeypatch.setattr("sys.stdin", stdin(Person(pieces, str)))
        lots = list(arriving_lines())
        assert [line for lot in lots for line in lot] == text.split("\n") and all(lots)
    assert len(lots) == 2  # what a file holds comes together


def test_a_pipe_that_is_not_utf8_is_told_by_its_line(fledge, translator: Path, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", stdin("a cat eats\nun été\n".encode("latin1")))
    code, _, err = fledge("translate", translator)
    assert code == 1 and "standard input, line 2: not UTF-8: byte 0xe9 at position 3" in err


def test_references_are_scored_with_their_signatures(
    fledge, translator: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.en").write_text("a green dog sleeps\na grey cat eats\n")
    (tmp_path / "a.fr").write_text("un chien vert dort\nun chat gris mange\n")
    words = ("translate", translator, "--file", tmp_path / "a.en", "--references")
    code, _, err = fledge(*words, tmp_path / "a.fr")
    assert code == 0
    assert "BLEU 100.00  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp" in err
    assert "chrF 100.00  nrefs:1|case:mixed|eff:yes|nc:6" in err
    (tmp_path / "b.fr").write_text("un\n")
    code, _, err = fledge(*words, tmp_path / "b.fr")
    assert code == 1 and "a.en has 2 lines but" in err and "b.fr has 1" in err


def test_unknown_words_are_named_on_stderr(fledge, translator: Path, tmp_path: Path) -> None:
    code, out, err = fledge("translate", translator, "a green Qwxz sleeps")
    assert code == 0 and len(out.splitlines()) == 1
    # A model of one tiny layer never learnt to copy; it may keep the word or lose it.
    assert re.fullmatch(r"unknown words, (left as they are|lost in the translation): Qwxz\n", err)
    _, out, _ = fledge("translate", translator, "a green Qwxz sleeps", "--json")
    assert json.loads(out)["unknown_words"] == ["Qwxz"]
    _, out, err = fledge("translate", translator, "a green dog sleeps", "--json")
    assert "unknown_words" not in json.loads(out) and err == ""
    (tmp_path / "a.en").write_text("a qa cat eats\na Qa dog eats\na qa qb dog eats\n")
    _, out, err = fledge("translate", translator, "--file", tmp_path / "a.en")
    assert len(out.splitlines()) == 3
    named = re.findall(r"unknown words, [a-z ]+: (.*)", err)
    assert {word for line in named for word in line.split(", ")} == {"qa", "Qa", "qb"}


def test_many_unknown_words_are_counted(capsys) -> None:
    words = tuple(f"w{n}" for n in range(25))
    name_unknown_words([[Translation("w0 w1", 0.0, (), words)]])
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "unknown words, left as they are: w0, w1"
    assert err[1].startswith("unknown words, lost in the translation: w2, w3")
    assert err[1].endswith(", w21 and 3 more")


def test_a_line_that_is_too_long_is_named(fledge, translator: Path, tmp_path: Path) -> None:
    (tmp_path / "a.en").write_text("a cat eats\n" + "a " * 90 + "\n")
    code, _, err = fledge("translate", translator, "--file", tmp_path / "a.en")
    assert code == 1 and "a.en:2 has" in err and "at most 24" in err


def test_sentences_of_a_pipe_are_counted_from_its_start(
    fledge, translator: Path, monkeypatch
) -> None:
    pieces = [b"a cat eats\na cat eats\n", b"a cat eats\n" + b"a " * 90 + b"\n"]
    monkeypatch.setattr("sys.stdin", stdin(Person(pieces, str)))
    code, out, err = fledge("translate", translator)
    assert (code, len(out.splitlines())) == (1, 2) and "sentence 4 has" in err


def test_options_that_contradict_each_other_are_refused(
    fledge, translator: Path, tmp_path: Path
) -> None:
    for words, said in (
        (("one", "--file", "b"), "not both"),
        (("one", "--references", "b"), "give --file"),
        (("one", "--best", "5"), "raise --beams to 5"),
        (("one", "-o", tmp_path), "is a folder"),
    ):
        code, _, err = fledge("translate", translator, *words)
        assert code == 2 and said in err


def test_a_language_model_is_no_translator(fledge, chat_model: Path) -> None:
    code, _, err = fledge("translate", chat_model, "one")
    assert code == 1 and "no encoder-decoder" in err


def test_training_from_flags_alone(fledge, tmp_path: Path) -> None:
    (tmp_path / "a.en").write_text("".join(f"word {n}\n" for n in range(12)))
    (tmp_path / "a.fr").write_text("".join(f"mot {n}\n" for n in range(12)))
    pairs = f"{tmp_path / 'a.en'},{tmp_path / 'a.fr'}"
    words = ["translate-train", "--pairs", pairs, "-o", tmp_path / "out", "--steps", "2"]
    words += ["--vocabulary-size", "270", "stage.size.width=16", "stage.size.num_heads=2"]
    code, _, err = fledge(*words, "stage.size.feed_forward_width=16", "runtime.dtype=float32")
    assert code == 0 and re.search(r"Next: \S*fledge translate ", err)
    run = json.loads((tmp_path / "out" / RUN_FILE).read_text())
    assert run["optimizer"]["betas"] == [0.9, 0.98]
    code, _, err = fledge("translate-train", "--pairs", "a.en,missing.fr", "-o", tmp_path / "new")
    assert code == 1 and "a.en: no such file" in err


def test_a_run_of_this_stage_is_sent_to_its_command(fledge, tmp_path: Path) -> None:
    run = 'output = "x"\n[stage]\nname = "translate"\npairs = ["a.tsv"]\n'
    (tmp_path / "run.toml").write_text(run)
    code, _, err = fledge("sft", tmp_path / "run.toml")
    assert code == 2 and "use: fledge translate-train" in err
