"""The image as a container: hardened as everywhere, with its model, healthy, and gone when told to."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.image.conftest import GRACE, ask, is_ready
from tests.lab_02.hardening import (
    capability_fault,
    ended,
    exposure_fault,
    health,
    limit_fault,
    mount_fault,
    privilege_fault,
    root_fault,
    stopped,
    writable_fault,
)

pytestmark = pytest.mark.docker

OFTEN = {"interval": 500_000_000, "start_period": 60 * 10**9}  # nanoseconds; what is left out is the image's
QUICK = {"SERVING_DRAIN_SECONDS": "0.5"}
HOUSE = {
    **{"area": 44, "use_type": "sfr", "lot_sf": 4800, "wfnt": 0, "bldg_grade": 7, "tot_sf": 1680, "beds": 3},
    **{"baths": 1.75, "age": 64, "eff_age": 60, "longitude": -122.29, "latitude": 47.55},
}

TAKEN_AWAY: dict[str, tuple[dict[str, Any], Callable[[Any], str]]] = {
    "as root": ({"user": "0:0"}, root_fault),
    "with capabilities": ({"cap_drop": None}, capability_fault),
    "with one capability": ({"cap_add": ["NET_BIND_SERVICE"]}, capability_fault),
    "with setuid": ({"security_opt": None}, privilege_fault),
    "with a root to write to": ({"read_only": None}, writable_fault),
    "with a folder to write to": ({"tmpfs": {"/tmp": "", "/var/lib/own": "mode=1777"}}, writable_fault),
    "without a limit of memory": ({"mem_limit": None}, limit_fault),
    "without a limit of processors": ({"nano_cpus": None}, limit_fault),
    "without a limit of processes": ({"pids_limit": None}, limit_fault),
    "open to everybody": ({"ports": {"8080/tcp": None}}, exposure_fault),
}


def idle(run: Callable[..., Any], image: str, **options: Any) -> Any:
    """A container that is there at once: what it may do does not depend on what it does."""
    return run(image, entrypoint=["python", "-c", "import time; time.sleep(600)"], **options)


def mounted(folder: Path, mode: str = "ro") -> dict[str, dict[str, str]]:
    return {str(folder): {"bind": "/opt/ml/model", "mode": mode}}


def test_it_serves_with_all_that_it_may_not_do(run: Callable[..., Any], image: str) -> None:
    container = run(image, environment=QUICK)
    assert is_ready(container), container.logs().decode()
    for fault in (
        root_fault,
        capability_fault,
        privilege_fault,
        writable_fault,
        exposure_fault,
        mount_fault,
        limit_fault,
    ):
        assert fault(container) == ""
    status, body = ask(container, "/v1/predictions", {"houses": [HOUSE]})
    assert (status, b'"price"' in body) == (200, True), body


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_each_option_that_is_taken_away_is_missed(run: Callable[..., Any], image: str, name: str) -> None:
    option, fault = TAKEN_AWAY[name]
    assert fault(idle(run, image, **option))


@pytest.mark.parametrize("user", ["", "USER nobody", "USER 0", "USER 10001:0\nUSER root"], ids=repr)
def test_an_image_of_root_or_of_a_name_is_not_taken(
    run: Callable[..., Any], mutant: Callable[..., str], user: str
) -> None:
    assert root_fault(idle(run, mutant(("USER 10001:10001", user))))


def test_the_model_may_come_from_outside(
    run: Callable[..., Any], build: Callable[..., str], project: Path, model: SimpleNamespace
) -> None:
    bare = build(project)
    container = run(bare, volumes=mounted(model.folder), environment={**QUICK, "SERVING_MODEL_DIGEST": model.digest})
    assert is_ready(container), container.logs().decode()
    assert mount_fault(container) == ""
    assert ask(container, "/v1/predictions", {"houses": [HOUSE]})[0] == 200
    assert "/opt/ml/model" in mount_fault(idle(run, bare, volumes=mounted(model.folder, "rw")))
    refused(run(bare), r"/opt/ml/model/manifest\.json is missing")


def test_a_model_that_nobody_vouches_for_ends_the_start(run: Callable[..., Any], image: str) -> None:
    refused(run(image, environment={"SERVING_MODEL_DIGEST": "0" * 64}), "nobody has vouched for this model")


def test_the_digest_is_part_of_the_image(run: Callable[..., Any], mutant: Callable[..., str]) -> None:
    refused(run(mutant(("ENV SERVING_MODEL_DIGEST=${MODEL_DIGEST}\n", ""))), "nobody has vouched for this model")


def refused(container: Any, reason: str) -> None:
    """Make sure that a container ends by itself, and says why in one line."""
    assert ended(container, 60) not in (None, 0)
    lines = container.logs().decode().splitlines()
    assert len([line for line in lines if re.search(reason, line)]) == 1, lines
    assert not any("Traceback" in line for line in lines)


def test_it_is_reached_from_outside_because_it_listens_everywhere(
    run: Callable[..., Any], image: str, mutant: Callable[..., str]
) -> None:
    container = run(mutant(("    SERVING_HOST=0.0.0.0 \\\n", "")), environment=QUICK, healthcheck=OFTEN)
    assert health(container, 60) == "healthy"
    assert not is_ready(container, 1)


def test_it_turns_healthy_and_unhealthy_when_nothing_answers(run: Callable[..., Any], image: str) -> None:
    assert health(run(image, environment=QUICK, healthcheck=OFTEN), 60) == "healthy"
    silent = idle(run, image, healthcheck={**OFTEN, "start_period": 10**6, "retries": 2})
    assert health(silent, 60) == "unhealthy"


def test_without_its_check_nobody_knows_its_health(run: Callable[..., Any], mutant: Callable[..., str]) -> None:
    assert health(idle(run, mutant(('CMD ["serve"]', 'CMD ["serve"]\nHEALTHCHECK NONE'))), 1) == "none"


def test_it_leaves_when_told_to(run: Callable[..., Any], image: str) -> None:
    container = run(image, environment=QUICK)
    assert is_ready(container), container.logs().decode()
    code, seconds = stopped(container, GRACE)
    assert code == 0
    assert seconds < GRACE


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (
            (
                'ENTRYPOINT ["python", "-m", "house_prices.serving"]',
                'ENTRYPOINT ["sh", "-c", "python -m house_prices.serving; exit"]',
            ),
            "a shell in front keeps the signal to itself",
        ),
        (("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL"), "nobody can take his time after that signal"),
    ],
    ids=["shell", "signal"],
)
def test_it_would_not_leave_well_otherwise(
    run: Callable[..., Any], mutant: Callable[..., str], edit: tuple[str, str], why: str
) -> None:
    container = run(mutant(edit), environment=QUICK)
    assert is_ready(container), container.logs().decode()
    assert stopped(container, 3)[0] == 137, why
