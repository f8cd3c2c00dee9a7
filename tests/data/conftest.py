import json

import pytest

from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

WORDS = "the quick brown fox jumps over the lazy dog and then it sleeps in the sun all day long. "


@pytest.fixture(scope="session")
def tokenizer():
    return Tokenizer.train([WORDS * 20, "Human: hello! Assistant: good day, 12 cats\n"], 320)


@pytest.fixture(scope="session")
def template():
    return ChatTemplate()


@pytest.fixture
def write(tmp_path):
    """Write a file of records (or of bytes, or of text) and give its path."""

    def write_file(name, *contents):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if len(contents) == 1 and isinstance(contents[0], bytes):
            path.write_bytes(contents[0])
        elif name.endswith(".jsonl"):
            lines = (one if isinstance(one, str) else json.dumps(one) for one in contents)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        elif name.endswith(".json"):
            path.write_text(json.dumps(list(contents)), encoding="utf-8")
        else:
            path.write_text("".join(contents), encoding="utf-8", newline="")
        return path

    return write_file
