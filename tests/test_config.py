from typing import Literal

import pytest

from fledge.config import Config, apply_override, load_toml, parse_section
from fledge.errors import ConfigError
from fledge.runs.run import Run


class Inner(Config):
    learning_rate: float = 1e-3


class Outer(Config):
    inner: Inner = Inner()
    name: str = "x"


def test_override_reads_toml_values_and_bare_strings(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('name = "a"\n')
    outer = load_toml(path, Outer, ["inner.learning_rate=1e-4", "name=plain"])
    assert outer.inner.learning_rate == 1e-4
    assert outer.name == "plain"


def test_wrong_key_suggests_the_nearest(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[inner]\nlearning_rte = 1\n")
    with pytest.raises(ConfigError, match=r"inner\.learning_rte .* did you mean learning_rate\?"):
        load_toml(path, Outer)


def test_missing_file_and_bad_toml_are_config_errors(tmp_path):
    with pytest.raises(ConfigError, match="no such run file"):
        load_toml(tmp_path / "absent.toml", Outer)
    bad = tmp_path / "bad.toml"
    bad.write_text("a = = 1")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_toml(bad, Outer)


@pytest.mark.parametrize("override", ["novalue", "=3", "a..b=1", "name.deeper=1"])
def test_malformed_override_is_refused(override):
    with pytest.raises(ConfigError, match="override"):
        apply_override({"name": "x"}, override)


def test_override_indexes_a_list():
    values = {"runs": [{"seed": 0}]}
    apply_override(values, "runs.0.seed=5")
    assert values == {"runs": [{"seed": 5}]}


def test_none_is_a_word_where_a_setting_may_be_off(tmp_path):
    class Limits(Config):
        norm: float | None = 1.0
        form: Literal["none", "NFC"] = "NFC"
        title: str = ""

    path = tmp_path / "run.toml"
    path.write_text('norm = "none"\nform = "none"\ntitle = "none"\n')
    assert load_toml(path, Limits) == Limits(norm=None, form="none", title="none")
    assert load_toml(path, Limits, ["norm=2"]).norm == 2.0


def test_settings_that_do_not_go_together_are_told_without_all_the_others():
    values = {
        "output": "here",
        "stage": {"name": "reward", "model": "m", "rankings": ["r.jsonl"], "patience": 2},
        "batch": {"examples": 2},
        "optimizer": {"learning_rate": 1e-3},
    }
    with pytest.raises(ConfigError) as raised:
        parse_section(values, Run, source="run.toml")
    expected = "run.toml: stage.patience counts evaluations; also set evaluation.every"
    assert str(raised.value) == expected
