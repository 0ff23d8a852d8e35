"""Deploy the service to a local cluster from the shell, look at it, and take it away.

What a command needs is imported when it runs: a page of help should wait for nothing.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from house_prices.model.errors import HousePricesError
from house_prices.serving.deployment.errors import DeploymentError, NotRun

IMAGE = "house-prices:v1"
LEFT_TO_A_CHECK = "left to a check, if one runs (labs undeploy --checks removes it):"

app = typer.Typer(
    name="python -m house_prices.serving.deployment",
    help="The service on a Kubernetes of this machine.",
    epilog="Exit codes: 0 done · 1 it failed · 2 wrong usage · 3 not run, something is missing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cluster_app = typer.Typer(help="A cluster for those who have none, with minikube or kind.", no_args_is_help=True)
app.add_typer(cluster_app, name="cluster")
out = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; an error that the user can mend ends it with its message and code."""
    try:
        # Behind `labs deploy` it goes by that name; otherwise it finds out its own.
        app(prog_name=os.environ.get("LABS_PROGRAM"))
    except HousePricesError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(NotRun.exit_code if isinstance(error, NotRun) else 1)


class _Clock:
    """Prints lines, each with the seconds since the first."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def tell(self, line: str) -> None:
        out.print(f"{time.monotonic() - self._start:5.1f} s  {line}", markup=False)


@app.command()
def tour(
    folder: Annotated[Path, typer.Option(help="Gets report.md and report.json.")] = Path("artifacts/lab-02"),
) -> None:
    """Go through the whole lab: the service as a process, as a container, and on a cluster under load."""
    from house_prices.serving.deployment.tour import tour as go_through

    parts = go_through(folder, lambda line: out.print(line, markup=False))
    for part in parts:
        if part.outcome == "failed":
            report = folder / "report.md"
            raise DeploymentError(f"{part.name}: failed: {part.lines[-1]}\n  what was seen so far is in {report}")
    if left_out := [part.name for part in parts if part.outcome == "not run"]:
        out.print(f"\nnot run here: {'; '.join(left_out)}", style="yellow", markup=False)


@app.command()
def deploy(image: Annotated[str, typer.Option(help="An image in the Docker engine.")] = IMAGE) -> None:
    """Load the image into the cluster, apply the manifests, wait until all pods are ready, and tell the address."""
    from house_prices.serving.deployment.address import reachable
    from house_prices.serving.deployment.context import local_cluster
    from house_prices.serving.deployment.engine import image_id
    from house_prices.serving.deployment.images import load_images
    from house_prices.serving.deployment.manifests import LOCAL, apply, render
    from house_prices.serving.deployment.rollout import wait_for_rollout

    tell = _Clock().tell
    cluster = local_cluster()
    tell(f"cluster {cluster.context} at {cluster.server}")
    manifests = render(cluster, LOCAL, image, image_id(image))
    tell(f"{image} on its way to the nodes")
    load_images(cluster, image)
    tell(f"{image} is there")
    for line in apply(cluster, manifests):
        tell(line)
    wait_for_rollout(cluster, tell)
    with reachable(cluster) as url:
        tell(f"it answers at {url}")


@app.command()
def undeploy(
    checks: Annotated[
        bool, typer.Option("--checks", help="Also what killed checks have left; not while a check runs.")
    ] = False,
) -> None:
    """Remove everything that the lab has made, in the cluster and in Docker, and prove that nothing is left.

    Only the images that were loaded into nodes stay there until the kubelet needs their room, or until
    `minikube image rm house-prices:v1 house-prices:v2`.
    """
    from house_prices.serving.deployment import removal

    labels = (removal.LABEL, removal.CHECKS) if checks else (removal.LABEL,)
    kept = () if checks else (removal.CHECKS,)
    tell = _Clock().tell
    missing: list[NotRun] = []
    failed: list[DeploymentError] = []
    for undeploy_from in (_undeploy_from_cluster, _undeploy_from_docker):
        try:
            undeploy_from(labels, kept, tell)
        except NotRun as error:
            missing.append(error)
        except DeploymentError as error:
            failed.append(error)
    for reason in missing:
        out.print(str(reason), style="yellow", markup=False)
    if failed:
        raise DeploymentError("\n".join(map(str, failed)))
    if missing:
        raise typer.Exit(NotRun.exit_code)


def _undeploy_from_cluster(labels: Sequence[str], kept: Sequence[str], tell: Callable[[str], None]) -> None:
    from house_prices.serving.deployment import removal
    from house_prices.serving.deployment.context import local_cluster

    cluster = local_cluster()
    tell(f"removing what was made in the cluster {cluster.context}")
    _, silent = removal.kinds_in_cluster(cluster)
    for group in silent:
        tell(f"{group} does not answer: the lab makes nothing of it, but Kubernetes ends no namespace until it does")
    for label in labels:
        for made in removal.remove_from_cluster(cluster, label):
            tell(f"removed {made}")
    tell(f"nothing is left in the cluster {cluster.context}, but its nodes may keep images (labs undeploy --help)")
    for label in kept:
        for made in removal.made_in_cluster(cluster, label):
            tell(f"{LEFT_TO_A_CHECK} {made}")


def _undeploy_from_docker(labels: Sequence[str], kept: Sequence[str], tell: Callable[[str], None]) -> None:
    from house_prices.serving.deployment import removal

    for label in labels:
        for kind, identity in removal.remove_from_docker(label):
            tell(f"removed {kind} {identity}")
    tell("nothing is left in Docker")
    for label in kept:
        for kind, identity in removal.made_in_docker(label):
            tell(f"{LEFT_TO_A_CHECK} {kind} {identity}")


@app.command()
def status() -> None:
    """Show the pods, where they run, and what keeps one from being ready."""
    from house_prices.serving.deployment.address import reachable
    from house_prices.serving.deployment.context import local_cluster
    from house_prices.serving.deployment.pods import pods
    from house_prices.serving.deployment.rollout import explain, look

    cluster = local_cluster()
    out.print(f"cluster {cluster.context} at {cluster.server}", markup=False)
    out.print(str(look(cluster)), markup=False)
    for pod in pods(cluster):
        state = "leaving" if pod.leaving else "ready" if pod.ready else "not ready"
        out.print(f"  {pod.name}  {pod.node or 'nowhere'}  {state}", markup=False)
    for line in explain(cluster):
        out.print(f"  {line}", markup=False)
    with reachable(cluster) as url:
        out.print(f"it answers at {url}", markup=False)


@cluster_app.command()
def up() -> None:
    """Start a cluster with two nodes for pods on this machine, or go on with the one that is there."""
    from house_prices.serving.deployment.local_cluster import start

    start()


@cluster_app.command()
def down() -> None:
    """Delete it (kind), or stop it (minikube)."""
    from house_prices.serving.deployment.local_cluster import stop

    stop(lambda line: out.print(line, markup=False))
