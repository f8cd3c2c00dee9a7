"""safetensors files whose failures while writing are the operating system's."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write `tensors`, names sorted, so that the same tensors give the same bytes.

    Raises:
        OSError: the disk is full or not writable, with the number of the cause.
    """
    ordered = {name: tensors[name].cpu().contiguous() for name in sorted(tensors)}
    try:
        save_file(ordered, path, metadata={"format": "pt"})
    except SafetensorError as error:
        # The library keeps the cause only in its text: "… (os error 28)".
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error
