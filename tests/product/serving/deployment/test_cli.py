"""The command line of the deployment: what a shell sees."""

import subprocess
import sys

import pytest

from house_prices.serving.deployment.removal import CHECKS
from tests.product.serving.deployment.conftest import Tools

MODULE = "house_prices.serving.deployment"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", MODULE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_page_of_help_waits_for_no_library() -> None:
    program = f"import sys, runpy; sys.argv = ['x', '--help']; runpy.run_module('{MODULE}', run_name='__main__')"
    code = f"try:\n    exec({program!r})\nexcept SystemExit: print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True, check=True)
    assert "undeploy" in done.stdout
    for heavy in ("kubernetes", "yaml", "urllib3", "pandas", "sklearn", "flask", "pydantic"):
        assert f"'{heavy}'" not in done.stderr


def test_behind_labs_it_goes_by_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"Usage: python -m {MODULE} deploy [OPTIONS]" in run("deploy", "--help").stdout
    monkeypatch.setenv("LABS_PROGRAM", "labs")
    assert "Usage: labs deploy [OPTIONS]" in run("deploy", "--help").stdout


def test_undeploys_help_tells_how_to_remove_what_the_nodes_keep() -> None:
    assert "minikube image rm house-prices:v1 house-prices:v2" in " ".join(run("undeploy", "--help").stdout.split())


@pytest.mark.parametrize("command", ["deploy", "status"])
def test_a_machine_without_a_cluster_is_not_run(tools: Tools, command: str) -> None:
    done = run(command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("not run: there is no kubectl here\n  install kubectl")


def test_a_foreign_cluster_is_left_alone(tools: Tools) -> None:
    tools.kubectl("prod", "https://prod.example:6443")
    tools.answer("docker", "")
    for command in ("deploy", "undeploy", "status"):
        done = run(command)
        assert done.returncode == 3
        assert "the context prod (https://prod.example:6443) is not plainly local" in done.stdout + done.stderr
    assert {call for call in tools.asked() if call.startswith("kubectl")} == {"kubectl config view --minify -o json"}


def test_undeploy_looks_through_docker_where_there_is_no_cluster(tools: Tools) -> None:
    tools.answer("docker", "")
    done = run("undeploy")
    assert done.returncode == 3
    assert "nothing is left in Docker" in done.stdout
    assert "not run: there is no kubectl here" in done.stdout


def test_undeploy_looks_through_the_cluster_where_there_is_no_docker(tools: Tools) -> None:
    tools.kubectl("kind-labs", "https://127.0.0.1:6443")
    done = run("undeploy")
    assert done.returncode == 3
    begun = "removing what was made in the cluster kind-labs"
    end = "nothing is left in the cluster kind-labs, but its nodes may keep images (labs undeploy --help)"
    assert 0 < done.stdout.find(begun) < done.stdout.find(end)
    assert "not run: there is no docker here" in done.stdout


def test_undeploy_leaves_to_a_check_what_it_has_made_unless_told(tools: Tools) -> None:
    no_container, no_namespace = tools.folder / "no-container", tools.folder / "no-namespace"
    tools.answer(
        "docker",
        f"case \"$*\" in ps*{CHECKS}) [ -e '{no_container}' ] || echo c1;; 'rm '*) : > '{no_container}';; esac",
    )
    tools.kubectl(
        "kind-labs",
        "https://127.0.0.1:6443",
        f"""case "$3 $*" in
        api-resources*) echo namespaces;;
        get*{CHECKS}*) [ -e '{no_namespace}' ] || echo 'Namespace <none> labs-check-1';;
        delete*) : > '{no_namespace}';;
        esac""",
    )
    kept = run("undeploy")
    told = "left to a check, if one runs (labs undeploy --checks removes it):"
    assert f"{told} Namespace/labs-check-1\n" in kept.stdout
    assert f"{told} container c1\n" in kept.stdout
    assert not no_container.exists()
    assert not no_namespace.exists()
    removed = run("undeploy", "--checks")
    assert "removed Namespace/labs-check-1\n" in removed.stdout
    assert "removed container c1\n" in removed.stdout
    assert "left to a check" not in removed.stdout
    assert kept.returncode == removed.returncode == 0


def test_undeploy_names_the_part_of_the_api_that_is_down(tools: Tools) -> None:
    tools.answer("docker", "")
    down = "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: it is down"
    tools.kubectl(
        "kind-labs", "https://127.0.0.1:6443", f"[ $3 != api-resources ] || {{ echo pods; echo '{down}' >&2; exit 1; }}"
    )
    done = run("undeploy")
    assert "metrics.k8s.io/v1beta1 does not answer: the lab makes nothing of it" in done.stdout
    assert "nothing is left in the cluster kind-labs" in done.stdout
    assert done.returncode == 0


def test_undeploy_looks_through_docker_where_the_cluster_failed_and_ends_with_1(tools: Tools) -> None:
    tools.answer("docker", "")
    tools.kubectl("kind-labs", "https://127.0.0.1:6443", '[ "$3" != api-resources ] || { echo no >&2; exit 1; }')
    done = run("undeploy")
    assert "nothing is left in Docker" in done.stdout
    assert "nothing is left in the cluster" not in done.stdout
    assert (done.returncode, done.stderr) == (
        1,
        "kubectl --context kind-labs api-resources --verbs=list,delete -o name failed: no\n",
    )


def test_a_failure_counts_for_more_than_what_is_missing(tools: Tools) -> None:
    tools.answer("docker", "[ $1 = version ] || { echo no >&2; exit 1; }")
    done = run("undeploy")
    assert "not run: there is no kubectl here" in done.stdout
    assert (done.returncode, done.stderr.endswith(" failed: no\n")) == (1, True)
