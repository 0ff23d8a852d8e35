"""Ask the Docker engine, through its own command line: that one knows where the engine of this user listens."""

from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.programs import ask

INSTALL = "install Docker Desktop or Docker Engine and start it; labs doctor says whether it answers"


def docker(*arguments: str) -> str:
    """Run a docker command and return what it printed.

    Raises
    ------
    NotRun : there is no docker command, or no engine answers it.
    DeploymentError : the command failed.
    """
    try:
        return ask(("docker", *arguments), remedy=INSTALL)
    except DeploymentError:
        try:
            ask(("docker", "version", "--format", "{{.Server.Version}}"), remedy=INSTALL)
        except DeploymentError as error:
            raise NotRun("no Docker engine answers", INSTALL) from error
        raise


def image_id(image: str) -> str:
    """Return the id of an image in the engine, which changes with its content as its name need not.

    Raises
    ------
    NotRun : no engine answers, or it has no such image.
    """
    try:
        return docker("image", "inspect", "--format", "{{.Id}}", image).strip()
    except DeploymentError as error:
        raise NotRun(f"the Docker engine has no image {image}", "make lab-02 builds it") from error
