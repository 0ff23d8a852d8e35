"""Run the service: gunicorn with the worker of this package."""

import logging
import math
import mmap
import subprocess
import sys
import time
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from house_prices.serving.logs import LOGGING
from house_prices.serving.memory import share_one_arena
from house_prices.serving.settings import Settings, read_settings
from house_prices.serving.worker import DrainingWorker

log = logging.getLogger("house_prices.serving")

LOAD_SECONDS = 60.0
"""For which old workers stay when new ones take long to load the model."""


class _Application(BaseApplication):  # type: ignore[misc]
    """The settings in gunicorn's words, and what all processes share."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)  # inherited by the workers
        super().__init__()

    def load_config(self) -> None:
        self.settings: Settings = read_settings()
        for name, value in {
            "bind": [_address(self.settings.host, port) for port in (self.settings.port, self.settings.probe_port)],
            "workers": self.settings.workers,
            "worker_class": DrainingWorker,
            "timeout": 30,
            "graceful_timeout": math.ceil(self.settings.grace_seconds) + 2,
            "logconfig_dict": LOGGING,
            "control_socket_disable": True,
            "proc_name": "house-prices",
        }.items():
            self.cfg.set(name, value)

    def load(self) -> None:
        """Nothing: each worker loads a model of its own."""

    def leaving(self) -> bool:
        """Say whether the service as a whole ends, not only this process of it."""
        return self._shared[0] == 1

    def leave(self) -> None:
        self._shared[0] = 1


class _Arbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's master, which tells its workers why they have to end and reloads only what will start."""

    _oldest_new: float = math.inf

    def stop(self, graceful: bool = True) -> None:
        self.app.leave()
        super().stop(graceful)

    def reload(self) -> None:
        """Replace the workers, unless the model that they would load is refused: then keep them.

        gunicorn would end the old ones first and the server with them.
        """
        tried = subprocess.run(
            [sys.executable, "-m", "house_prices.serving", "check"], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            log.error("not reloaded, the workers stay as they are: %s", tried.stderr.strip())
            return
        self._oldest_new = self.worker_age + 1
        super().reload()

    def manage_workers(self) -> None:
        """Keep as many workers as there should be, and during a reload the old ones until the new ones serve.

        gunicorn would end them at once. Where the drain is over before the model is loaded, nobody would answer.
        """
        end = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < end and any(
            worker.age >= self._oldest_new and not worker.serves for worker in self.WORKERS.values()
        ):
            self.reap_workers()
            time.sleep(0.05)
        self._oldest_new = math.inf
        super().manage_workers()


def serve() -> None:
    """Serve until SIGTERM; ends the process with 0, or with another code if it could not start."""
    share_one_arena()
    _Arbiter(_Application()).run()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check() -> dict[str, Any]:
    """Load the model that the settings name, as a worker would, and return what it is.

    Raises
    ------
    InvalidSettings, RefusedModel : it could not be served.
    """
    from house_prices.serving.service import load_service

    service = load_service(read_settings())
    service.batcher.close()
    return {"model": service.manifest.name, "version": service.manifest.version, "digest": service.digest}
