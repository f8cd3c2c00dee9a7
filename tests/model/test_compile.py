import subprocess
import sys

# In a process of its own: the shape checks of the tests would break the graph.
PROGRAM = """
import torch
from fledge.model.cache import KeyValueCache
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.masks import block_diagonal, segment_positions

config = GPTConfig.sized(64, 32, 32, 2).model_copy(update={"num_key_value_heads": 1})
model = GPT(config)
model.initialise(torch.Generator().manual_seed(0))
ids = torch.randint(0, 64, (2, 9))
segments = torch.tensor([[1] * 4 + [2] * 5, [1] * 9])
packing = (segment_positions(segments), block_diagonal(segments))
compiled = torch.compile(model, fullgraph=True, backend="eager")
hidden = torch.compile(model.hidden, fullgraph=True, backend="eager")
for train in (True, False):
    model.train(train)
    torch.testing.assert_close(compiled(ids), model(ids))
    torch.testing.assert_close(hidden(ids, *packing), model.hidden(ids, *packing))
with torch.no_grad():
    cache = KeyValueCache(config, 2, 12)
    steps = [compiled(ids[:, :6], cache=cache)]
    steps += [compiled(ids[:, t : t + 1], cache=cache) for t in range(6, 9)]
    torch.testing.assert_close(torch.cat(steps, dim=1), model(ids), atol=1e-5, rtol=0)
"""


def test_the_model_is_one_graph_for_the_compiler():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
