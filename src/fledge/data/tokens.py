"""Token ids on disk: shards mapped into memory, and windows cut from them."""

import bisect
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Integer
from pydantic import BaseModel, ConfigDict

from fledge.data.loader import philox
from fledge.errors import DataError

SHARD_TOKENS = 2**26
"""Tokens in a full shard: 128 MiB at two bytes a token."""


class Shard(BaseModel):
    """One file of ids, little-endian, without a header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    tokens: int
    sha256: str


class TokensIndex(BaseModel):
    """One part of a corpus: its shards in order, and how much text they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shards: tuple[Shard, ...]
    documents: Shard
    """Ends of the documents, in tokens from the start of the part, as int64."""
    text_bytes: int
    """UTF-8 bytes of the documents; the tokens that end them stand for none."""


class Tokens:
    """Ids of one part (training or validation), in document order, read from disk as needed."""

    def __init__(self, directory: Path, index: TokensIndex, dtype: "np.dtype[np.unsignedinteger]"):
        """Map the shards.

        Raises:
            DataError: a file is missing or has another size than the index says.
        """
        self.index = index
        self._directory = directory
        self._shards = [_mapped(directory, shard, dtype) for shard in index.shards]
        self._starts = list(itertools.accumulate((len(s) for s in self._shards), initial=0))
        self.document_ends = _mapped(directory, index.documents, np.dtype("<i8"))

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def num_documents(self) -> int:
        return len(self.document_ends)

    @property
    def bytes_per_token(self) -> float:
        """UTF-8 bytes of text per token, document ends included; 0 without tokens."""
        return self.index.text_bytes / len(self) if len(self) else 0.0

    def read(self, start: int, stop: int) -> Integer[np.ndarray, "N"]:
        """Copy the ids `start` to `stop` - 1, across shards if need be."""
        parts = []
        shard = bisect.bisect_right(self._starts, start) - 1
        while start < stop and shard < len(self._shards):
            first = self._starts[shard]
            parts.append(self._shards[shard][start - first : stop - first])
            start = self._starts[shard + 1]
            shard += 1
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def document(self, number: int) -> Integer[np.ndarray, "N"]:
        """Copy the ids of one document, the token that ends it included."""
        start = int(self.document_ends[number - 1]) if number else 0
        return self.read(start, int(self.document_ends[number]))

    def windows(self, length: int, stride: int | None = None, start: int = 0) -> "Windows":
        """Cut windows of `length` + 1 ids, each `stride` (None: `length`) after the last.

        At the default stride every token is a target once, so these are also the fixed windows of
        evaluation; the last tokens, too few for a window, are left out.
        """
        return Windows(self, length, stride or length, start)

    def epoch_windows(self, length: int, seed: int) -> Callable[[int], "Windows"]:
        """Cut windows for training, without overlap, at other places in every epoch."""

        def of_epoch(epoch: int) -> Windows:
            spare = min(length, len(self) - length)
            start = int(philox(seed, epoch).integers(spare)) if epoch and spare > 0 else 0
            return Windows(self, length, length, start)

        return of_epoch

    def verify(self) -> None:
        """Read everything and compare hashes.

        Raises:
            DataError: a file is not what was written.
        """
        for shard in (*self.index.shards, self.index.documents):
            path = self._directory / shard.file
            if hashlib.sha256(path.read_bytes()).hexdigest() != shard.sha256:
                raise DataError(f"{path}: damaged: its sha256 is not the index's; build it again")


@dataclass(frozen=True, slots=True)
class Windows:
    """Rows of `length` + 1 ids; index t + 1 of a row is the target of index t."""

    tokens: Tokens
    length: int
    stride: int
    start: int

    def __len__(self) -> int:
        return max(0, (len(self.tokens) - self.start - self.length - 1) // self.stride + 1)

    def __getitem__(self, index: int, /) -> Integer[np.ndarray, "N"]:
        if not 0 <= index < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        first = self.start + index * self.stride
        return self.tokens.read(first, first + self.length + 1)


class TokensWriter:
    """Writer of one part of a corpus, shard after shard."""

    def __init__(
        self, directory: Path, name: str, dtype: "np.dtype[np.unsignedinteger]", shard_tokens: int
    ) -> None:
        """Write `name`-00000.bin and so on into a directory that exists."""
        self._directory = directory
        self._name = name
        self._dtype = dtype
        self._shard_tokens = shard_tokens
        self._shards: list[Shard] = []
        self._pending: list[np.ndarray] = []
        self._num_pending = 0
        self._num_tokens = 0
        self._ends: list[int] = []
        self._text_bytes = 0

    def add(self, ids: Sequence[int], text_bytes: int, ends: bool) -> None:
        """Append ids; `ends` is True for the last of a document."""
        self._pending.append(np.array(ids, dtype=self._dtype))
        self._num_pending += len(ids)
        self._num_tokens += len(ids)
        self._text_bytes += text_bytes
        if ends:
            self._ends.append(self._num_tokens)
        while self._num_pending >= self._shard_tokens:
            self._write_shard(self._shard_tokens)

    def finish(self) -> TokensIndex:
        """Write the rest, and return the index of all that was written."""
        if self._num_pending:
            self._write_shard(self._num_pending)
        ends = np.array(self._ends, dtype="<i8")
        return TokensIndex(
            shards=tuple(self._shards),
            documents=_written(self._directory / f"{self._name}-documents.bin", ends),
            text_bytes=self._text_bytes,
        )

    def _write_shard(self, tokens: int) -> None:
        ids = np.concatenate(self._pending)
        file = f"{self._name}-{len(self._shards):05d}.bin"
        self._shards.append(_written(self._directory / file, ids[:tokens]))
        self._pending = [ids[tokens:]]
        self._num_pending = len(ids) - tokens


def _mapped(
    directory: Path, shard: Shard, dtype: "np.dtype[np.integer]"
) -> Integer[np.ndarray, "N"]:
    path = directory / shard.file
    expected = shard.tokens * dtype.itemsize
    found = path.stat().st_size if path.is_file() else None
    if found != expected:
        size = "no such file" if found is None else f"{found:,} bytes"
        raise DataError(f"{path}: expected {expected:,} bytes, found {size}; build it again")
    # An empty file cannot be mapped.
    return np.memmap(path, dtype=dtype, mode="r") if expected else np.zeros(0, dtype=dtype)


def _written(path: Path, values: Integer[np.ndarray, "N"]) -> Shard:
    content = values.tobytes()
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Shard(file=path.name, tokens=len(values), sha256=digest)
