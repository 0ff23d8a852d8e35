"""The health of a process on a listener and a thread of its own.

Behind the same queue as the requests, a probe would wait as long as they do: under overload a busy process would look
like a dead one, be restarted for it, and leave its load to the others.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from house_prices.serving.health import QUESTIONS, Health

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


def probes_app(health: Health) -> "WSGIApplication":
    """Return the WSGI application that answers ``/health/startup``, ``/health/ready`` and ``/health/live``."""

    def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        question = environ["PATH_INFO"].removeprefix("/health/")
        if question not in QUESTIONS:
            status, text = "404 Not Found", "ask /health/startup, /health/ready or /health/live"
        else:
            verdict = health.answer(question)
            status, text = "200 OK" if verdict.ok else "503 Service Unavailable", verdict.reason
        body = f"{text}\n".encode()
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return application
