"""The page on the report card explains every field, and no field that is not there."""

import re
from pathlib import Path

from fledge.evaluate.report import PPOCard, ReportCard, RewardModelCard

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "demo.md").read_text(encoding="utf-8")


def named_in_first_column(header: str) -> set[str]:
    rows = PAGE.split(header, 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_field_of_the_card_is_explained():
    explained = named_in_first_column("| field | meaning | how to read it |\n")
    assert explained | {"fledge_version", "seed"} == set(ReportCard.model_fields)
    assert "`fledge_version` and `seed`" in PAGE


def test_every_field_of_ppo_and_the_reward_model_is_explained():
    assert named_in_first_column("| field | what it says |\n") == set(PPOCard.model_fields)
    row = next(line for line in PAGE.splitlines() if line.startswith("| `reward_model`"))
    assert set(re.findall(r"`(\w+)`", row)) >= set(RewardModelCard.model_fields) - {"pairs"}


def test_links_lead_to_pages_that_exist():
    pages = re.findall(r"\]\(([\w.]+\.md)\)", PAGE)
    assert pages
    assert [page for page in pages if not (DOCS / page).is_file()] == []
