"""A service as the tour meets it, but for what its argument, a JSON object, changes in how it behaves."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

behaviour = {"castle": 422, "leaving": 503, "late": 200, "connection": "close", "code": 0} | json.loads(sys.argv[1])
told_to_end = threading.Event()
asked_late = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(behaviour["leaving"] if told_to_end.is_set() else 200, {})

    def do_POST(self) -> None:
        houses = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["houses"]
        if houses[0]["use_type"] == "castle":
            self.answer(behaviour["castle"], {"errors": [{"pointer": "/", "detail": "no", "got": "castle"}]})
        else:
            late = told_to_end.is_set()
            prices = {"predictions": [{"price": 1.0}] * len(houses), "model": "m", "version": "1"}
            self.answer(behaviour["late"] if late else 200, prices, behaviour["connection"] if late else "close")
            if late:
                asked_late.set()

    def answer(self, status: int, body: object, connection: str = "close") -> None:
        self.send_response(status)
        self.send_header("Connection", connection)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *arguments: object) -> None:
        pass


# Before there are threads: one of them might get the signal, and the main one would sleep on.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
for name in ("SERVING_PORT", "SERVING_PROBE_PORT"):
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ[name])), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
signal.sigwait({signal.SIGTERM})
told_to_end.set()
asked_late.wait(5)
sys.exit(behaviour["code"])
