import string

import pytest

from fledge.text.tokenizer import Tokenizer
from text.corpora import CORPORA


@pytest.fixture(scope="session")
def bpe():
    """Byte-level BPE on all three corpora."""
    return Tokenizer.train(CORPORA.values(), 512)


@pytest.fixture(scope="session")
def characters():
    """A character tokenizer on all three corpora and ASCII."""
    return Tokenizer.characters([*CORPORA.values(), string.printable])
