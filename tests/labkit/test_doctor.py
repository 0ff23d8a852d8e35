"""What `doctor` finds, with the tools of the machine replaced by ones that answer as the case asks."""

import json
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit.catalog import load_labs
from labkit.doctor import (
    check_cluster,
    check_disk,
    check_docker,
    check_memory,
    check_packages,
    check_port,
    examine,
    why_not_local,
)
from labkit.project import Project
from tests.labkit.conftest import Labs


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder on the PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("LABS_KUBE_CONTEXT", raising=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return folder


def answer(tools: Path, name: str, script: str) -> None:
    tool = tools / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


def test_an_engine_that_answers_is_named(tools: Path) -> None:
    answer(tools, "docker", "echo 28.1.0")
    assert check_docker().found == "engine 28.1.0"


def test_a_silent_engine_is_named_with_its_host_and_the_remedy(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(tools, "docker", "exit 1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.9:2375")
    check = check_docker()
    assert (check.ok, check.found) == (False, "no engine answers at tcp://10.0.0.9:2375")
    assert "systemctl start docker" in check.remedy


def test_a_tool_that_hangs_is_not_waited_for(tools: Path) -> None:
    answer(tools, "docker", "exec sleep 60")
    answer(tools, "kubectl", "exec sleep 60")
    started = time.monotonic()
    assert "no engine answers at" in (docker := check_docker()).found
    assert docker.found.endswith(" within 8 s")
    assert check_cluster().found == "kubectl does not answer within 8 s"
    assert time.monotonic() - started < 30


def kubectl(tools: Path, context: str, server: str, ready: bool = True, **more: Any) -> None:
    config = {"current-context": context, "clusters": [{"cluster": {"server": server, **more}}]}
    note = f"echo \"$@\" >> '{tools}/asked'"
    answer(tools, "kubectl", f"{note}\n[ $1 != config ] || exec echo '{json.dumps(config)}'\nexit {int(not ready)}")


def test_a_local_cluster_is_asked_whether_it_is_ready(tools: Path) -> None:
    kubectl(tools, "kind-labs", "https://127.0.0.1:6443")
    assert check_cluster().found == "local context kind-labs is ready"
    kubectl(tools, "kind-labs", "https://127.0.0.1:6443", ready=False)
    assert check_cluster().found == "the local context kind-labs does not answer at https://127.0.0.1:6443"


def test_a_cluster_without_metrics_is_told_what_to_do_about_it(tools: Path) -> None:
    kubectl(tools, "docker-desktop", "https://127.0.0.1:6443")
    script = (tools / "kubectl").read_text().replace("exit 0", 'case "$*" in *metrics*) exit 1; esac')
    (tools / "kubectl").write_text(script)
    check = check_cluster()
    assert check.ok
    assert (
        check.found == "local context docker-desktop is ready, but without metrics-server: no pods are added under load"
    )
    assert "minikube addons enable metrics-server" in check.remedy
    assert "--kubelet-insecure-tls" in check.remedy


def test_a_foreign_cluster_is_not_asked_anything(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl(tools, "prod", "https://prod.example:6443")
    check = check_cluster()
    assert not check.ok
    assert check.remedy.endswith("if that cluster is yours to break, name it in LABS_KUBE_CONTEXT")
    assert (tools / "asked").read_text() == "config view --minify -o json\n"
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "labs")
    told = "LABS_KUBE_CONTEXT names labs, and kubectl is at prod: kubectl config use-context labs"
    assert check_cluster().remedy == told
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "prod")
    assert check_cluster().ok


def test_a_proxy_is_refused_even_where_the_user_names_the_context(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl(tools, "kind-labs", "https://127.0.0.1:6443", ready=True, **{"proxy-url": "http://127.0.0.1:3128"})
    monkeypatch.setenv("LABS_KUBE_CONTEXT", "kind-labs")
    check = check_cluster()
    assert not check.ok
    assert check.found.endswith("left alone: a proxy leads to it (proxy-url), and may lead anywhere")
    assert check.remedy == "kubectl config use-context minikube, or another without proxy-url"
    assert (tools / "asked").read_text() == "config view --minify -o json\n"


def test_a_server_that_is_no_url_is_told(tools: Path) -> None:
    kubectl(tools, "kind-labs", "https://[::1")
    assert check_cluster().found.endswith(
        "(https://[::1) is not plainly local, so it is left alone: its server is no URL"
    )


def test_no_current_context_has_a_remedy(tools: Path) -> None:
    answer(tools, "kubectl", "exit 1")
    check = check_cluster()
    assert (check.found, check.remedy) == ("kubectl has no current context", ".venv/bin/labs cluster up")


MINIKUBE = {"extensions": [{"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io"}}]}


@pytest.mark.parametrize(
    ("context", "cluster", "local"),
    [
        ("minikube", {"server": "https://192.168.49.2:8443", **MINIKUBE}, True),
        ("minikube", {"server": "https://192.168.49.2:8443"}, False),  # but any machine in a company's network
        ("minikube", {"server": "https://169.254.0.2:8443", **MINIKUBE}, False),
        ("kind-labs", {"server": "https://[::1]:6443"}, True),
        ("k3d-labs", {"server": "https://0.0.0.0:35001"}, True),
        ("docker-desktop", {"server": "https://kubernetes.docker.internal:6443"}, True),
        ("orbstack", {"server": "https://127.0.0.1:26443"}, True),
        ("rancher-desktop", {"server": "https://localhost:6443"}, True),
        ("minikube", {"server": "https://34.1.2.3:8443"}, False),  # the name alone proves nothing
        ("kind-prod", {"server": "https://10.0.0.1:6443"}, False),
        ("prod", {"server": "https://127.0.0.1:6443"}, False),  # and a tunnel is on loopback, too
        ("kind-labs", {"server": "https://127.0.0.1:6443", "tls-server-name": "prod.example"}, False),
        ("kind-labs", {"server": "https://127.0.0.1:6443", "proxy-url": "http://127.0.0.1:3128"}, False),
        ("my-minikube", {"server": "https://192.168.49.2:8443", **MINIKUBE}, False),
        ("colimaprod", {"server": "https://127.0.0.1:6443"}, False),
        ("kind-labs", {"server": ""}, False),
    ],
)
def test_only_a_plainly_local_context_counts_as_local(
    tools: Path, context: str, cluster: dict[str, Any], local: bool
) -> None:
    assert (why_not_local(context, cluster) == "") is local


def test_a_port_is_free_or_taken() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        check = check_port(port)
        assert (check.ok, check.found) == (False, "taken")
        assert f"lsof -nP -iTCP:{port}" in check.remedy
    assert check_port(port).ok


def test_too_little_memory_or_disk_is_told_with_a_remedy(tmp_path: Path) -> None:
    assert check_memory(0.01, "lab 01 needs").ok
    assert check_disk(tmp_path, 0.0001, "lab 01 needs").ok
    for check in (check_memory(1e6, "lab 01 needs"), check_disk(tmp_path, 1e6, "lab 01 needs")):
        assert not check.ok
        assert check.found.endswith("; lab 01 needs 1e+06 GB")
        assert check.remedy


def test_a_stray_init_file_is_found(project: Project) -> None:
    package = project.root / "labs" / "01_toys" / "toys"
    package.mkdir()
    assert check_packages(project.root, load_labs(project.root)).ok
    (package / "__init__.py").touch()
    check = check_packages(project.root, load_labs(project.root))
    assert check.found == "labs/01_toys/toys/__init__.py hides what the other labs add to toys"
    assert check.remedy == "rm labs/01_toys/toys/__init__.py"


@pytest.mark.parametrize("name", ["json", "mlflow", "rich", "typing.py", "prometheus_client"])
def test_a_folder_with_the_name_of_a_real_package_is_found(project: Project, name: str) -> None:
    (project.root / "requirements" / "all.txt").write_text("mlflow==3.0 \\\nprometheus-client==0.24 \\\n")
    (project.root / "labs" / "01_toys" / name).mkdir()
    check = check_packages(project.root, load_labs(project.root))
    assert check.found == f"labs/01_toys/{name.removesuffix('.py')} has the name of a real package"


def test_a_lab_that_lacks_something_is_told_with_what(project: Project, lab_toml: Path, tools: Path) -> None:
    answer(tools, "docker", "exit 1")
    kubectl(tools, "minikube", "https://127.0.0.1:6443")
    lab_toml.write_text(lab_toml.read_text().replace("hours", 'needs = ["docker", "cluster"]\nhours'))
    _, (diagnosis,) = examine(project, load_labs(project.root))
    assert [check.name for check in diagnosis.lacks] == ["docker"]
    assert not diagnosis.runs


def test_whose_needs_are_told_is_named(project: Project) -> None:
    (one,) = load_labs(project.root)
    checks, _ = examine(project, [one, replace(one, id="02"), replace(one, id="03", memory_gb=0.2)])
    sizes = [check.found.partition("; ")[2] for check in checks if check.name in ("memory", "disk")]
    assert sizes == ["labs 01, 02 need 0.1 GB", "labs 01, 02, 03 need 0.1 GB", "lab 03 needs 0.2 GB"]


def test_tools_that_hang_are_not_waited_for(labs: Labs, tools: Path) -> None:
    for name in ("docker", "kubectl"):
        answer(tools, name, "exec sleep 60")
    started = time.monotonic()
    result = labs("doctor", PATH=f"{tools}:/usr/bin:/bin")
    assert time.monotonic() - started < 30
    assert "– docker     no engine answers" in result.stdout
    assert "✓ lab 01 runs here" in result.stdout
    assert result.returncode == 0


def test_what_cannot_be_checked_without_a_tool_is_named(labs: Labs, lab_toml: Path, tools: Path) -> None:
    answer(tools, "docker", "exit 1")
    with lab_toml.open("a") as file:
        for number in (1, 2):
            file.write(f'[[task]]\nid = "1.{number}"\ntitle = "t"\nfile = "f.py"\nwhy = "w"\nneeds = ["docker"]\n')
    result = labs("doctor", PATH=f"{tools}:/usr/bin:/bin")
    assert " (without it, no check of 1.1, 1.2): start Docker Desktop" in result.stdout
    assert "(no lab here needs it)" in result.stdout


def test_the_exit_code_and_json_say_whether_every_lab_runs(labs: Labs, lab_toml: Path) -> None:
    lab_toml.write_text(lab_toml.read_text().replace("memory_gb = 0.1", "memory_gb = 1000000"))
    result = labs("doctor", "--json")
    assert result.returncode == 3
    assert json.loads(result.stdout)["labs"] == [{"lab": "01", "runs": False, "lacks": ["memory"]}]
