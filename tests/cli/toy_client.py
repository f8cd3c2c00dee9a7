"""Let the server of toy_fledge.py run one command here, and end with its exit code."""

import json
import os
import socket
import sys

address, *words = sys.argv[1:]
asked = {"words": words, "directory": os.getcwd(), "environment": dict(os.environ)}
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(address)
    socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
    code = connection.recv(16)
sys.exit(int(code) if code else 1)
