"""One cluster, one installation and one store for all tests; a namespace for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.image_build import Recipe, build_image
from tests.cluster.image_recipes import evaluator_image
from tests.cluster.running import RunningCluster, running_cluster
from tests.cluster.site_packages import LOCKS, site_packages
from tests.e2e.environment import Workspace, workspace_of
from tests.e2e.installation import Installation
from tests.e2e.store import Store, running_store

CONVERTER = ("skl2onnx", "onnx", "protobuf", "ml-dtypes", "typing-extensions")


@pytest.fixture(scope="session")
def cluster() -> Iterator[RunningCluster]:
    with running_cluster("holdfast-e2e") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def installation(cluster: RunningCluster) -> Iterator[Installation]:
    installation = Installation(cluster, "holdfast", "holdfast-system")
    installation.install()
    yield installation
    installation.uninstall()


@pytest.fixture(scope="session")
def store(cluster: RunningCluster) -> Iterator[Store]:
    with running_store(cluster) as store:
        yield store


@pytest.fixture(scope="session")
def trainer_image(cluster: RunningCluster) -> str:
    """Return the name of an image that trains on scikit-learn's diabetes data."""
    folder = Path(__file__).parent / "trainer"
    contents = {
        "trainer-packages": site_packages(LOCKS / "dev.lock", only=CONVERTER),
        "train.py": folder / "train.py",
    }
    image = build_image(Recipe("test-trainer", folder / "Dockerfile", contents, base=evaluator_image()))
    cluster.load_image(image)
    return image.ref


@pytest.fixture
def workspace(
    cluster: RunningCluster, installation: Installation, store: Store, trainer_image: str
) -> Iterator[Workspace]:
    assert installation.release
    with workspace_of(cluster, store, trainer_image) as workspace:
        yield workspace
