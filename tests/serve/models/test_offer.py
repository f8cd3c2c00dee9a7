"""`models.toml`: what a project offers, and models that are awaited until they are there."""

from pathlib import Path

import httpx
import pytest

from fledge.errors import CheckpointError, ConfigError
from fledge.serve import create_app
from fledge.serve.errors import ApiError
from fledge.serve.models.loading import named, offered_models, served_models
from fledge.serve.models.offer import FILE_NAME, OfferedModel, raised, read_offer, write_offer
from fledge.serve.models.registry import AwaitedModel, ModelRegistry, ServedModel
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served, tokenizer
from tiny_model import lineage, write_language_model

MODELS = (
    OfferedModel(id="ppo", run="ppo", name='After "PPO" é'),
    OfferedModel(id="sft", run="sft", name="After SFT"),
    OfferedModel(id="base", run="pretrain", name="Pretrained only"),
)


@pytest.fixture(scope="module")
def tiny() -> Tokenizer:
    return tokenizer()


@pytest.fixture
def demo(tmp_path: Path, tiny: Tokenizer) -> Path:
    """A demo's output with all but PPO's run."""
    write_offer(tmp_path, MODELS)
    write_language_model(tmp_path / "pretrain", tiny, past=lineage("pretrain"))
    write_language_model(tmp_path / "sft", tiny)
    return tmp_path


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_offer(tmp_path) is None
    write_offer(tmp_path, MODELS)
    offer = read_offer(tmp_path)
    assert offer is not None and offer.models == MODELS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models = [", "not valid TOML"),
        ("models = []", "models"),
        ('[[models]]\nid = "a"\nrun = "a"\nnames = "A"', "models"),
        ('[[models]]\nid = "a"\nrun = "a"\nname = "A"\n' * 2, "two models have the id 'a'"),
    ],
)
def test_a_list_that_is_none_is_told_with_its_file(demo: Path, text: str, told: str) -> None:
    (demo / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=told) as caught:
        named([str(demo)])
    assert FILE_NAME in str(caught.value)


def test_a_folder_offers_the_models_of_its_list_in_its_order(demo: Path) -> None:
    found = named([str(demo)])
    assert found == {
        "ppo": demo / "ppo",
        "sft": demo / "sft" / "step-00000020",
        "base": demo / "pretrain" / "step-00000020",
    }
    offered = offered_models(found, max_batch=1)
    assert [(type(each), each.id, each.name) for each in offered] == [
        (AwaitedModel, "ppo", 'After "PPO" é'),
        (ServedModel, "sft", "After SFT"),
        (ServedModel, "base", "Pretrained only"),
    ]


def test_names_keep_what_the_user_calls_them(demo: Path) -> None:
    assert [each.name for each in offered_models(named([f"mine={demo}"]), max_batch=1)] == [
        'mine: After "PPO" é',
        "mine: After SFT",
        "mine: Pretrained only",
    ]
    found = named([str(demo / "sft"), f"other={demo / 'sft'}", str(demo / "pretrain")])
    assert [each.name for each in served_models(found, max_batch=1)] == [
        "After SFT",
        "other (sft)",
        "pretrain",
    ]


def test_a_run_counts_when_it_is_finished(demo: Path, tiny: Tokenizer) -> None:
    half = lineage("ppo", lineage("sft")).model_copy(update={"steps": 40})
    write_language_model(demo / "ppo", tiny, past=half)
    assert raised(demo / "ppo") is None
    assert raised(demo / "sft") == raised(demo / "sft" / "step-00000020")
    assert raised(demo / "nowhere") is None


def test_a_folder_whose_models_are_all_awaited_is_refused(tmp_path: Path) -> None:
    write_offer(tmp_path, MODELS)
    with pytest.raises(ConfigError, match=r"none of the models in models\.toml is ready"):
        offered_models(named([str(tmp_path)]))


def test_an_awaited_model_takes_its_place_when_it_is_there(demo: Path, tiny: Tokenizer) -> None:
    registry = ModelRegistry(offered_models(named([str(demo)]), max_batch=1))
    registry.look()
    assert list(registry) == ["sft", "base"]
    assert "ppo" not in registry and [each.id for each in registry.awaited] == ["ppo"]
    with pytest.raises(ApiError, match="not ready yet") as early:
        registry["ppo"]
    assert (early.value.status, early.value.code) == (503, "model_loading")
    write_language_model(demo / "ppo", tiny, past=lineage("ppo", lineage("sft")))
    registry.look()
    assert list(registry) == ["ppo", "sft", "base"] and registry.awaited == ()
    assert registry["ppo"].name == 'After "PPO" é'
    assert [card.id for card in registry.listing().data] == ["ppo", "sft", "base"]


def test_a_damaged_model_is_told_once_and_awaited_on(
    tiny: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    there = served(ScriptedEngine(tiny, "Hi"), tiny)
    answers = [CheckpointError("cut short"), CheckpointError("cut short"), None, there]

    def find() -> ServedModel | None:
        answer = answers.pop(0)
        if isinstance(answer, CheckpointError):
            raise answer
        return answer

    first = served(ScriptedEngine(tiny, "Hi"), tiny, "first")
    registry = ModelRegistry([first, AwaitedModel("tiny", "Tiny", find)])
    for _ in range(3):
        registry.look()
        assert [each.id for each in registry.awaited] == ["tiny"]
    told = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert told == ["tiny cannot be served: cut short"]
    registry.look()
    assert registry["tiny"] is there


@pytest.mark.parametrize("error", [ValueError("no UTF-8"), PermissionError("denied")])
def test_a_model_whose_files_nobody_can_read_stays_awaited(
    tiny: Tokenizer, error: Exception
) -> None:
    def find() -> ServedModel | None:
        raise error

    first = served(ScriptedEngine(tiny, "Hi"), tiny, "first")
    registry = ModelRegistry([first, AwaitedModel("tiny", "Tiny", find)])
    registry.look()
    assert [each.id for each in registry.listing().data] == ["first"]


def test_the_page_and_its_api_offer_the_same(tiny: Tokenizer) -> None:
    first = served(ScriptedEngine(tiny, "Hi"), tiny, "first")
    app = create_app([first, AwaitedModel("late", "A late one", lambda: None)])
    with running(app) as url:
        shown = httpx.get(f"{url}/api/models").json()
        page = httpx.get(url).text
    assert [each["id"] for each in shown["models"]] == ["first"]
    assert shown["awaited"] == [{"id": "late", "name": "A late one"}]
    assert '"awaited": [{"id": "late", "name": "A late one"}]' in page
    assert page.count('<option value="first">') == 2 and '<option value="late">' not in page
