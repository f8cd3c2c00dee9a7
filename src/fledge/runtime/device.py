"""Find the device, and the number format that it multiplies fastest."""

import torch

from fledge.errors import ConfigError
from fledge.native.library import find_compiler
from fledge.runtime.collective import Place


def find_device(wanted: str, place: Place) -> torch.device:
    """Return the device for this process; "auto" takes CUDA, then MPS, then the CPU.

    Several processes cannot share an MPS device: for them "auto" passes it over.

    Raises:
        ConfigError: the wanted device is not on this machine, or not for this number of processes.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        alone = place.world_size == 1
        wanted = next(
            name for name, there in available.items() if there and (alone or name != "mps")
        )
    if not available[wanted]:
        found = ", ".join(name for name, there in available.items() if there)
        raise ConfigError(f"runtime.device is {wanted}, but this machine has only: {found}")
    if wanted == "mps" and place.world_size > 1:
        raise ConfigError(
            f"runtime.device is mps, which {place.world_size} processes cannot share; start one "
            "process, or set runtime.device=cpu"
        )
    if wanted == "cuda":
        if place.local_world_size > torch.cuda.device_count():
            raise ConfigError(
                f"{place.local_world_size} processes were started on this machine, which has "
                f"{torch.cuda.device_count()} CUDA devices; start as many with "
                "torchrun --nproc-per-node, or set runtime.device=cpu"
            )
        torch.cuda.set_device(place.local_rank)
        return torch.device("cuda", place.local_rank)
    return torch.device(wanted)


def compute_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Return float32, or bfloat16 where asked for or where "auto" finds hardware for it."""
    if wanted == "auto":
        return torch.bfloat16 if multiplies_bfloat16_fast(device) else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[wanted]


def multiplies_bfloat16_fast(device: torch.device) -> bool:
    """Return whether bfloat16 beats float32 here: 8-11 times with AMX, 3 with AVX512-BF16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        # torch has no public probe for either; both are plain CPUID reads.
        return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    return False


def has_compiler(device: torch.device) -> bool:
    """Return whether torch.compile has its compiler: C++ for the CPU, Triton for CUDA."""
    if device.type == "cuda":
        return torch.utils._triton.has_triton()
    return find_compiler() is not None
