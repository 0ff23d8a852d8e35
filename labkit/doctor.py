"""Look at the machine: which labs run here, and what the others lack.

Nothing here changes anything, and nothing asks a cluster that is not plainly local: the current context of a
developer's machine may well be somebody's production.
"""

import ipaddress
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labkit.catalog import NEEDS, Lab
from labkit.errors import NotRun
from labkit.project import Project

SECONDS = 8.0  # as long as any program is waited for: on a busy machine kubectl alone takes 2 s to start
TIMED_OUT = 124  # as timeout(1) ends then
GB = 10**9

# What the tools for local clusters call their contexts. house_prices.serving.deployment.context has the same rule, and
# neither may import the other: a test holds them together.
LOCAL_CONTEXT = re.compile(r"minikube|kind-.+|k3d-.+|docker-desktop|rancher-desktop|orbstack|colima(-.+)?")
LOCAL_NAMES = ("localhost", "kubernetes.docker.internal", "host.docker.internal")
PRIVATE = [ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
METRICS = (
    "minikube addons enable metrics-server; elsewhere apply its components.yaml, which needs --kubelet-insecure-tls on "
    "Docker Desktop and kind: https://github.com/kubernetes-sigs/metrics-server#installation"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and, where that is not all one could want, the line that says what to do."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Whether a lab runs here; ``lacks`` are the checks that stand in its way."""

    lab: Lab
    lacks: tuple[Check, ...]

    @property
    def runs(self) -> bool:
        return not self.lacks


def examine(project: Project, labs: Sequence[Lab]) -> tuple[list[Check], list[Diagnosis]]:
    """Look at everything that some lab may need, all at once.

    Returns
    -------
    checks : what was looked at, each thing once.
    diagnoses : for each lab the checks that fail and that it depends on.
    """
    common: list[Callable[[], Check]] = [check_python, partial(check_packages, project.root, labs)]
    ports = sorted({port for lab in labs for port in lab.ports})
    with ThreadPoolExecutor() as pool:
        shared = [pool.submit(check) for check in common]
        by_need = {need: pool.submit(NEED_CHECKS[need]) for need in NEEDS}
        by_port = {port: pool.submit(check_port, port) for port in ports}
        sizes = {
            lab.id: [
                pool.submit(check_memory, lab.memory_gb, _who(labs, "memory_gb", lab.memory_gb)),
                pool.submit(check_disk, project.root, lab.disk_gb, _who(labs, "disk_gb", lab.disk_gb)),
            ]
            for lab in labs
        }
    diagnoses = []
    for lab in labs:
        concern = [
            *shared,
            *sizes[lab.id],
            *(by_need[need] for need in lab.needs),
            *(by_port[port] for port in lab.ports),
        ]
        results = [future.result() for future in concern]
        diagnoses.append(Diagnosis(lab, tuple(check for check in results if not check.ok)))
    everything = [*shared, *(size for pair in sizes.values() for size in pair), *by_need.values(), *by_port.values()]
    # Labs that ask for the same amount of memory share a line.
    return list(dict.fromkeys(future.result() for future in everything)), diagnoses


def require(lab: Lab) -> None:
    """Make sure that the tools are there without which a lab cannot start.

    Raises
    ------
    NotRun : one is missing; the message says which and what to do.
    """
    for need in lab.needs:
        check = NEED_CHECKS[need]()
        if not check.ok:
            raise NotRun(f"Lab {lab.id} needs {need}, and {check.found}.", check.remedy)


def check_python() -> Check:
    version = platform.python_version()
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13) and platform.python_implementation() == "CPython"
    return Check("Python", ok, version, "" if ok else "make lab-01 PYTHON=python3.12, with CPython 3.11 to 3.13")


def _who(labs: Sequence[Lab], what: str, amount: float) -> str:
    """Return the labs that need the same amount of something, in words with a verb."""
    same = [lab.id for lab in labs if getattr(lab, what) == amount]
    return f"lab {same[0]} needs" if len(same) == 1 else f"labs {', '.join(same)} need"


def check_memory(needed_gb: float, who: str) -> Check:
    """Compare the machine's memory, or this container's share of it, with what a lab takes."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    share = Path("/sys/fs/cgroup/memory.max")
    if share.exists() and (limit := share.read_text().strip()).isdigit():
        total = min(total, int(limit))
    ok = total >= needed_gb * GB
    remedy = "" if ok else "give the machine, container or WSL2 (.wslconfig) more memory"
    return Check("memory", ok, f"{total / GB:.1f} GB; {who} {needed_gb:g} GB", remedy)


def check_disk(folder: Path, needed_gb: float, who: str) -> Check:
    free = shutil.disk_usage(folder).free
    ok = free >= needed_gb * GB
    remedy = "" if ok else "make room; make clean removes what the labs have written"
    return Check("disk", ok, f"{free / GB:.1f} GB free; {who} {needed_gb:g} GB", remedy)


def check_port(port: int) -> Check:
    """Say whether a lab could listen on a port of this machine."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return Check(f"port {port}", False, "taken", f"see who listens: lsof -nP -iTCP:{port} -sTCP:LISTEN")
    return Check(f"port {port}", True, "free")


def check_docker() -> Check:
    """Ask the Docker engine, the one that DOCKER_HOST or the client's context names, for its version."""
    status, output = _ask(["docker", "version", "--format", "{{.Server.Version}}"])
    if status is None:
        return Check("docker", False, "there is no docker command", "install Docker Desktop or Docker Engine")
    if status or not output:
        found = f"no engine answers at {os.environ.get('DOCKER_HOST', 'its usual socket')}"
        if status == TIMED_OUT:
            found += f" within {SECONDS:g} s"
        return Check("docker", False, found, "start Docker Desktop, or: sudo systemctl start docker")
    return Check("docker", True, f"engine {output}")


def check_cluster() -> Check:
    """Find a Kubernetes cluster that is plainly on this machine, and ask only such a one what it can do."""
    start = ".venv/bin/labs cluster up"
    status, output = _ask(["kubectl", "config", "view", "--minify", "-o", "json"])
    if status is None:
        return Check("cluster", False, "there is no kubectl", f"install kubectl, and minikube or kind; then: {start}")
    if status == TIMED_OUT:
        return Check("cluster", False, f"kubectl does not answer within {SECONDS:g} s", "try again with less to do")
    if status:
        return Check("cluster", False, "kubectl has no current context", start)
    config = json.loads(output)
    context, cluster = config["current-context"], config["clusters"][0]["cluster"]
    server = cluster["server"]
    if why := why_not_local(context, cluster):
        found = f"the context {context} ({server}) is not plainly local, so it is left alone: {why}"
        return Check("cluster", False, found, way_out(context, cluster))
    get = ["kubectl", "--context", context, f"--request-timeout={SECONDS:g}s", "get", "--raw"]
    status, _ = _ask([*get, "/readyz"])
    if status:
        return Check("cluster", False, f"the local context {context} does not answer at {server}", start)
    status, _ = _ask([*get, "/apis/metrics.k8s.io/v1beta1/nodes"])
    if status:
        # Docker Desktop and kind come without. Only one thing needs it, so the lab runs.
        found = f"local context {context} is ready, but without metrics-server: no pods are added under load"
        return Check("cluster", True, found, METRICS)
    return Check("cluster", True, f"local context {context} is ready")


def why_not_local(context: str, cluster: Mapping[str, Any]) -> str:
    """Return why a lab may not use the cluster of a kube context; nothing if it may.

    The context's name has to be one that a tool for local clusters gives *and* its server has to be on this machine:
    either alone is too easily true of a tunnel to a real cluster. A user who knows better names the context in
    LABS_KUBE_CONTEXT.

    Parameters
    ----------
    context : its name.
    cluster : what the kubeconfig says of its cluster: ``server``, and how that is reached.
    """
    if cluster.get("proxy-url"):
        # Not even by its name: kubectl heeds this and the Python client does not, so they would ask different clusters.
        return "a proxy leads to it (proxy-url), and may lead anywhere"
    if context and context == os.environ.get("LABS_KUBE_CONTEXT"):
        return ""
    if not LOCAL_CONTEXT.fullmatch(context):
        return "no tool for local clusters calls it that"
    if cluster.get("tls-server-name"):
        return "its server goes by the name of another (tls-server-name), as behind a tunnel"
    try:
        host = urlsplit(cluster["server"]).hostname
    except ValueError:
        host = None
    if not host:
        return "its server is no URL"
    return "" if _on_this_machine(context, cluster, host) else "its server is not on this machine"


def _on_this_machine(context: str, cluster: Mapping[str, Any], host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in LOCAL_NAMES
    if address.is_loopback or address.is_unspecified:
        return True
    # minikube's machine has an address of its own, in a network that only this one knows. So has a company's cluster
    # behind a VPN, which lacks what minikube writes beside the address.
    written = [each.get("extension") or {} for each in cluster.get("extensions") or []]
    by_minikube = any(each.get("provider") == "minikube.sigs.k8s.io" for each in written)
    return context == "minikube" and by_minikube and any(address in block for block in PRIVATE)


def way_out(context: str, cluster: Mapping[str, Any]) -> str:
    """Return what to do about a cluster that is not plainly local: never a line that would let a lab into it."""
    named = os.environ.get("LABS_KUBE_CONTEXT")
    if named and named != context:
        return f"LABS_KUBE_CONTEXT names {named}, and kubectl is at {context}: kubectl config use-context {named}"
    if cluster.get("proxy-url"):
        return "kubectl config use-context minikube, or another without proxy-url"
    return "kubectl config use-context minikube; if that cluster is yours to break, name it in LABS_KUBE_CONTEXT"


def check_packages(root: Path, labs: Sequence[Lab]) -> Check:
    """Look for what would hide a package: an ``__init__.py`` too many, or a folder with the name of a real one."""
    for lab in labs:
        package = lab.run.module.partition(".")[0]
        stray = lab.folder / package / "__init__.py"
        if stray.exists():
            relative = stray.relative_to(root)
            found = f"{relative} hides what the other labs add to {package}"
            return Check("packages", False, found, f"rm {relative}")
        for name in importable(lab.folder) - {package}:
            if name in real_packages(root):
                found = f"{(lab.folder / name).relative_to(root)} has the name of a real package"
                return Check("packages", False, found, "give it another name")
    return Check("packages", True, "nothing hides another")


def importable(folder: Path) -> set[str]:
    """Return the names that a folder on the path makes importable; a folder without ``__init__.py`` is one, too."""
    names = {entry.stem if entry.suffix == ".py" else entry.name for entry in folder.iterdir()}
    return {name for name in names if name.isidentifier()}


def real_packages(root: Path) -> set[str]:
    """Return the names of the standard library, of what is installed, and of what any lab will install."""
    locked = set()
    everything = root / "requirements" / "all.txt"
    if everything.exists():
        locked = {name.replace("-", "_") for name in re.findall(r"(?m)^([\w.-]+)==", everything.read_text())}
    return {*sys.stdlib_module_names, *packages_distributions(), *locked}


NEED_CHECKS: dict[str, Callable[[], Check]] = {"docker": check_docker, "cluster": check_cluster}


def _ask(command: list[str]) -> tuple[int | None, str]:
    """Return a program's exit code, None if it is not there, TIMED_OUT if it hangs, and its output."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except OSError:
        return None, ""
    except subprocess.TimeoutExpired:
        return TIMED_OUT, ""
    return done.returncode, done.stdout.strip()
