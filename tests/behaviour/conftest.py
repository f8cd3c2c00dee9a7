import jaxtyping
import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def fast():
    """One thread, for the tensors are small; no shape checks, which the unit tests make."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
    torch.set_num_threads(threads)
