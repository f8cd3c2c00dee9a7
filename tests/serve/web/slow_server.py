"""A server to be killed: `python slow_server.py DATABASE`, says its address, answers for ever."""

import sys
import threading
import time

from fledge.database import open_database
from fledge.serve import create_app
from serving import ScriptedEngine, running, served, tokenizer


class SlowEngine(ScriptedEngine):
    """One token every ten milliseconds."""

    def step(self) -> list:
        time.sleep(0.01)
        return super().step()


def main() -> None:
    tiny = tokenizer()
    # Numbers differ: an answer that repeats itself would be ended.
    engine = SlowEngine(tiny, "The sea. The " + " ".join(map(str, range(4_000))))
    models = [served(engine, tiny, context_length=100_000)]
    with running(create_app(models, database=open_database(sys.argv[1]))) as url:
        print(url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
