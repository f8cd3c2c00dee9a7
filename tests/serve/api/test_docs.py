"""The examples of the page about the API run, and its tables name what is there."""

import re
from pathlib import Path

import httpx
import pytest

from fledge.serve.api.page import endpoints

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_examples_run(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, flags=re.S))
    names = {"__name__": "docs", "url": url}
    exec(compile(code, str(PAGE), "exec"), names)
    names["client"].close()
    assert "The moon pulls" in capsys.readouterr().out


def test_every_endpoint_of_the_server_is_named(url: str) -> None:
    described = httpx.get(f"{url}/openapi.json").json()
    for endpoint in endpoints(described):
        stem = endpoint.path.partition("/{")[0].removeprefix("/v1/")
        assert stem.replace("/", ".").strip(".") in TEXT or endpoint.path in TEXT, endpoint.path


def test_every_metric_is_named(url: str) -> None:
    exposed = re.findall(r"^# TYPE (\S+)", httpx.get(f"{url}/metrics").text, flags=re.M)
    families = {name.removesuffix("_created").removesuffix("_total") for name in exposed}
    assert len(families) == 10
    for name in families:
        assert f"`{name}" in TEXT, name
