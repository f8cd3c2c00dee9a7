"""A server with accounts that shares its database: `python one_of_several.py DATABASE [SECONDS]`.

It says its address, then answers with a token every so many seconds.
"""

import sys
import time

from fledge.database import open_database
from fledge.serve import create_app
from people_server import cheap_passwords
from serving import ScriptedEngine, running, served, tokenizer


class SlowEngine(ScriptedEngine):
    """One token every few milliseconds."""

    seconds = 0.01

    def step(self) -> list:
        time.sleep(self.seconds)
        return super().step()


def main() -> None:
    tiny = tokenizer()
    # Numbers differ: an answer that repeats itself would be ended.
    engine = SlowEngine(tiny, "The sea. " + " ".join(map(str, range(2_000))))
    engine.seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.01
    models = [served(engine, tiny, context_length=100_000)]
    database = open_database(sys.argv[1])
    app = create_app(models, database=database, login=True, passwords=cheap_passwords())
    with running(app) as url:
        print(url, flush=True)
        sys.stdin.read()  # until its parent closes it
    database.close()


if __name__ == "__main__":
    main()
