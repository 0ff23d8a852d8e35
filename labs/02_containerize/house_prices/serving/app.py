"""The web application: it translates between HTTP and the service, and decides nothing about houses."""

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from house_prices.serving.batching import Overloaded
from house_prices.serving.contract import Answer, PricedHouse
from house_prices.serving.health import QUESTIONS, Health, Question
from house_prices.serving.json_body import InvalidJson, read_json
from house_prices.serving.openapi import add_documentation
from house_prices.serving.problems import field_errors, problem
from house_prices.serving.protocols.mlflow_scoring import mlflow_scoring
from house_prices.serving.protocols.open_inference import open_inference
from house_prices.serving.service import Priced, Service
from house_prices.serving.tracing import trace_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

LARGEST_BODY = 2**20
LARGEST_ANSWER = 2**21
LARGE = 2**16
"""Bytes of a body above which it is worked on alone."""
MOST_ERRORS = 20_000
"""That are named in an answer. Every field of 1,000 houses may be wrong; a body of unknown fields would have more."""

access = logging.getLogger("house_prices.serving.access")
log = logging.getLogger("house_prices.serving")


def create_app(
    service: Service, health: Health, *, access_log: bool = True, health_route: str = "", predict_route: str = ""
) -> Flask:
    """Return the WSGI application.

    Parameters
    ----------
    service : what answers.
    health : of the process that it runs in.
    access_log : a line for each request: never with a value of a house in it.
    health_route, predict_route : see `house_prices.serving.protocols.mlflow_scoring`.
    """
    app = Flask("house_prices.serving", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.merge_slashes = False  # a redirect would be to wherever the Host header says
    app.wsgi_app = _large_ones_in_turn(app.wsgi_app)  # type: ignore[assignment, method-assign]

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.trace = trace_of(request.headers.get("X-Request-ID"), request.headers.get("traceparent"))

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers["X-Request-ID"] = g.trace.request_id
        answer.headers["traceparent"] = g.trace.traceparent
        if access_log:
            access.info(
                "request",
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": answer.status_code,
                    "milliseconds": round((time.perf_counter() - g.began) * 1_000, 2),
                    "houses": g.get("houses", 0),
                    **g.trace.ids,
                },
            )
        return answer

    @app.post("/v1/predictions")
    def predictions() -> Response:
        asked = _asked(service.contract.Request)
        if isinstance(asked, Response):
            return asked
        # `asked` is a request that the contract has let through: `asked["houses"]` are 1 to 1,000 houses, as dicts. The
        # answer, which `_answer` makes, carries the id of the request: `g.trace.request_id`.
        # TASK 2.3: answer with prices
        priced = service.price(asked["houses"])
        return _answer(service, g.trace.request_id, priced)
        # END TASK 2.3

    for question in QUESTIONS:
        app.add_url_rule(f"/health/{question}", f"health_{question}", _health_view(health, question))
    add_documentation(app, service)
    app.register_blueprint(open_inference(service, health))
    app.register_blueprint(mlflow_scoring(service, health, health_route=health_route, predict_route=predict_route))

    @app.errorhandler(Overloaded)
    def overloaded(error: Overloaded) -> Response:
        return problem(503, "Too many requests wait", str(error), Retry_After=str(error.retry_after))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        answer = problem(error.code or 500, error.name, error.description or "")
        if allowed := getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("unexpected", extra={"request_id": g.trace.request_id}, exc_info=error)
        return problem(500, "Internal Server Error", "the log tells more under the request's id")

    return app


def _large_ones_in_turn(application: "WSGIApplication") -> "WSGIApplication":
    """Work on large bodies one at a time: what Python makes of one may need fifty times its room."""
    lock = threading.Lock()

    def in_turn(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        if (Request(environ).content_length or 0) <= LARGE:
            return application(environ, start_response)
        with lock:
            return application(environ, start_response)

    return in_turn


def _asked(model: type[BaseModel]) -> "dict[str, list[dict[str, object]]] | Response":
    """Return the body of the request as the contract has it, or the answer that says why it is none."""
    if request.mimetype != "application/json":
        return problem(415, "Unsupported Media Type", "send application/json", Accept="application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return problem(415, "Unsupported Content-Encoding", "send the body as it is", Accept_Encoding="identity")
    try:
        body = read_json(request.get_data(cache=False))
    except InvalidJson as error:
        return problem(400, "This is no JSON that can be read in one way only", str(error))
    try:
        asked = model.model_validate(body)
    except ValidationError as error:
        title = "This is no request for predictions"
        if (count := error.error_count()) > MOST_ERRORS:
            return problem(422, title, f"{count:,} fields are wrong, too many to name")
        answer = problem(422, title, errors=field_errors(error))
        if (answer.content_length or 0) > LARGEST_ANSWER:
            return problem(422, title, f"{count:,} fields are wrong, and their names are too long to repeat")
        return answer
    g.houses = len(asked.houses)  # type: ignore[attr-defined]
    return asked.model_dump()


def _answer(service: Service, request_id: str, priced: Sequence[Priced]) -> Response:
    """Return the answer of `house_prices.serving.contract.Answer` with these prices, as JSON."""
    answer = Answer(
        model=service.manifest.name,
        version=service.manifest.version,
        request_id=request_id,
        predictions=[PricedHouse(price=each.price, notes=list(each.notes)) for each in priced],
    )
    return Response(answer.model_dump_json(), mimetype="application/json")


def _health_view(health: Health, question: Question):  # type: ignore[no-untyped-def]
    def view() -> Response:
        verdict = health.answer(question)
        return Response(verdict.reason + "\n", 200 if verdict.ok else 503, mimetype="text/plain")

    return view
