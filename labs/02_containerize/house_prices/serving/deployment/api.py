"""The connection to an API server: what it refuses is an error of ours, and it is not waited for without end."""

import json
from typing import Any

import urllib3
from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.config import load_kube_config

from house_prices.serving.deployment.errors import DeploymentError

SECONDS = 30  # whole ones: the client passes over a float without a word


class Refused(DeploymentError):
    """The API server did not do what it was asked for.

    Parameters
    ----------
    message : its words.
    status : of its answer; 0 if there was none.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Connection(ApiClient):  # type: ignore[misc]
    """What the interfaces of the `kubernetes` package share."""

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        named["_request_timeout"] = named.get("_request_timeout") or SECONDS
        try:
            return super().request(method, url, *arguments, **named)
        except ApiException as error:
            raise Refused(f"the API server refused {method} {url}: {_words(error)}", error.status or 0) from error
        except urllib3.exceptions.HTTPError as error:
            raise Refused(f"the API server does not answer {method} {url}: {error}", 0) from error


def connect(context: str) -> Connection:
    """Return a connection to the cluster of a kube context."""
    configuration = Configuration()
    load_kube_config(context=context, client_configuration=configuration)
    return Connection(configuration)


def _words(error: ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"{error.status} {error.reason}"
