"""The images of this repository: operator, server, evaluator, and the S3 server of tests and demo."""

import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.cluster.base_image import base_image
from tests.cluster.image_build import Image, Recipe, build_image
from tests.cluster.programs import program
from tests.cluster.site_packages import LOCKS, REPOSITORY, site_packages

EXTRAS_PATH = ("extras-packages", "server-packages", "evaluator-packages")
DOCKERFILES = Path(__file__).parent / "images"


def operator_image() -> Image:
    """Return the operator's image, building it if needed."""
    contents = {
        "site-packages": site_packages(LOCKS / "operator.lock"),
        "packages/holdfast": REPOSITORY / "sdk/holdfast",
        "packages/holdfast_operator": REPOSITORY / "operator/holdfast_operator",
    }
    return build_image(_product("operator", "operator", contents, ""))


def server_image() -> Image:
    """Return the image that fetches, inspects and serves models, building it if needed."""
    contents = {"server-packages": site_packages(LOCKS / "server.lock"), **_serving_packages()}
    return build_image(_product("server", "serving-image", contents, "server"))


def evaluator_image() -> Image:
    """Return the image that judges candidates, building it if needed."""
    server = LOCKS / "server.lock"
    contents = {
        "server-packages": site_packages(server),
        "evaluator-packages": site_packages(LOCKS / "evaluator.lock", without=server),
        **_serving_packages(),
    }
    return build_image(_product("evaluator", "serving-image", contents, "evaluator"))


def extras_evaluator_image() -> Image:
    """Return the evaluator's image with Evidently and CodeCarbon, if needed built: 250 MB to download."""
    contents = {**dict(zip(EXTRAS_PATH, extras_packages(), strict=True)), **_serving_packages()}
    return build_image(_product("evaluator-extras", "serving-image", contents, "evaluator-extras"))


def extras_packages() -> tuple[Path, Path, Path]:
    """Return the folders of packages of that image, in the order in which it looks for them."""
    server, evaluator = LOCKS / "server.lock", LOCKS / "evaluator.lock"
    return (
        site_packages(LOCKS / "evaluator-extras.lock", without=evaluator),
        site_packages(server),
        site_packages(evaluator, without=server),
    )


def gpu_server_image() -> Image:
    """Return the server's image with CUDA, building it if needed: about 2 GB to download."""
    server = LOCKS / "server.lock"
    contents = {
        "server-packages": site_packages(server),
        "gpu-packages": site_packages(LOCKS / "server-gpu.lock", without=server),
        **_serving_packages(),
    }
    return build_image(_product("server-gpu", "serving-image", contents, "server-gpu"))


def s3_image() -> Image:
    """Return an image with an S3 server over /data (versitygw, uid 65532, port 7070).

    It takes the keys from ROOT_ACCESS_KEY_ID and ROOT_SECRET_ACCESS_KEY. /data must be on a file system
    with extended attributes: an emptyDir on disk, not in memory.
    """
    folder = DOCKERFILES / "s3"
    contents = {"versitygw": program("versitygw"), "data": folder / "data"}
    return build_image(Recipe("s3", folder / "Dockerfile", contents))


def pause_image() -> Image:
    """Return the image of the pods' sandboxes on our own node."""
    contents = {"pause": program("pause")}
    return build_image(Recipe("pause", DOCKERFILES / "pause" / "Dockerfile", contents))


IMAGES: Mapping[str, Callable[[], Image]] = {
    "operator": operator_image,
    "server": server_image,
    "evaluator": evaluator_image,
    "s3": s3_image,
}
"""What tests and demo need."""
ON_REQUEST: Mapping[str, Callable[[], Image]] = {
    "server-gpu": gpu_server_image,
    "evaluator-extras": extras_evaluator_image,
}
"""Built only by name."""


def _product(name: str, folder: str, contents: Mapping[str, Path], target: str) -> Recipe:
    project = tomllib.loads((REPOSITORY / folder / "pyproject.toml").read_text())["project"]
    return Recipe(
        name=name,
        dockerfile=REPOSITORY / folder / "Dockerfile",
        contents=contents,
        target=target,
        base=base_image(),
        build_args={"VERSION": str(project["version"])},
        stamps={"REVISION": _revision()},
    )


def _serving_packages() -> dict[str, Path]:
    return {
        "packages/holdfast": REPOSITORY / "sdk/holdfast",
        "packages/holdfast_serving": REPOSITORY / "serving-image/holdfast_serving",
    }


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    asked = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"
