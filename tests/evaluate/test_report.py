import errno
import json
import os
import re
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from evaluate.cards import card
from fledge.errors import WriteError
from fledge.evaluate.report_files import read_report, render_html, write_report
from fledge.evaluate.report_terminal import print_report

VOID = {"meta", "br", "img", "link", "line", "input", "hr"}


class Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_json_has_every_promised_field(tmp_path):
    write_report(card(), tmp_path)
    values = json.loads((tmp_path / "report.json").read_text())
    assert values["seconds"]["total"] == 90.0
    assert values["bits_per_byte"] == 1.25
    for model in ("base", "sft", "ppo"):
        assert {"all", "order", "word_chain"} == values["valid"][model].keys()
    assert {"accuracy", "ceiling", "pairs"} <= values["reward_model"].keys()
    assert {"gold_before", "gold_after", "p_value", "kl", "eos_rate"} <= values["ppo"].keys()
    assert values["samples"][0]["answers"]["sft"]["text"] == "Order 1 & more."


def test_a_report_is_read_back(tmp_path):
    assert read_report(tmp_path) is None
    write_report(card(), tmp_path)
    assert read_report(tmp_path) == card()


def test_a_report_of_another_version_is_measured_again(tmp_path, caplog):
    (tmp_path / "report.json").write_text('{"fledge_version": "0.1.0", "seed": 3}')
    with caplog.at_level("INFO"):
        assert read_report(tmp_path) is None
    assert "is of another version of fledge; measuring again" in caplog.text


def test_html_has_contents_that_lead_to_its_parts():
    page = render_html(card())
    targets = re.findall(r'<a href="#(\w+)"', page)
    assert len(targets) == 8
    for target in targets:
        assert page.count(f'id="{target}"') == 1


def test_html_and_terminal_show_turns_changes_and_everyday_questions():
    page, out = render_html(card()), StringIO()
    print_report(card(), Console(file=out, width=120))
    for shown in ("hangman", "Gladly.", "2 of 3", "3 after PPO", "Of &lt;course&gt;!", "k3 5.0"):
        assert shown in page
    for shown in ("95% / 95%", "2 of 3", "3 of 3", "k3 5.0", "80.0% of 321"):
        assert shown in out.getvalue()


def test_a_report_that_cannot_be_written_says_so_and_leaves_the_old(tmp_path, monkeypatch):
    write_report(card(), tmp_path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"report\.html: the report was not written") as caught:
        write_report(card(), tmp_path)
    assert "the disk is full" in str(caught.value) and "checkpoint" not in str(caught.value)
    assert "the old report is untouched" in str(caught.value)
    assert read_report(tmp_path) == card()
    assert sorted(os.listdir(tmp_path)) == ["report.html", "report.json"]


def test_html_is_balanced_and_asks_for_nothing_from_outside():
    page = render_html(card())
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r"https?:|//|<script|<link|@import|url\(", page)


def test_what_models_say_is_escaped():
    page = render_html(card())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Where is &lt;b&gt;order&lt;/b&gt; 1?" in page
    assert "Sums are &lt;hard&gt;." in page


def test_html_shows_the_numbers_of_the_card():
    page = render_html(card())
    for shown in ("0% → 90%", "0.75 → 0.93", "word chain", "4.2 nats", "1,234", "90 s", "1.0 GiB"):
        assert shown in page
    assert "<polyline" in page


def test_the_terminal_shows_kinds_numbers_times_samples_and_failures():
    out = StringIO()
    print_report(card(), Console(file=out, width=120))
    for shown in ("word chain", "0.750 → 0.930", "90.0% of 1,234", "90 s", "Order 1.", "<hard>"):
        assert shown in out.getvalue()


def test_the_terminal_shows_what_models_say_and_does_not_obey_it():
    hostile = card()
    sample = hostile.samples[0]
    said = "[/bold] :smile: \x1b[2Jgone"
    answers = {name: one.model_copy(update={"text": said}) for name, one in sample.answers.items()}
    changed = sample.model_copy(update={"prompt": "[red]why?[/x]", "answers": answers})
    screen = StringIO()
    print_report(
        hostile.model_copy(update={"samples": [changed], "did_not_work": ["Only [bold]s."]}),
        Console(file=screen, width=160),
    )
    shown = screen.getvalue()
    assert "[red]why?[/x]" in shown and shown.count("[/bold] :smile: [2Jgone") == 3
    assert "Only [bold]s." in shown and "\x1b" not in shown


def test_memory_that_the_system_does_not_tell_is_left_out():
    assert "1.0 GiB of memory at most" in render_html(card())
    untold = card().model_copy(update={"peak_memory_bytes": None})
    assert "of memory" not in render_html(untold)
