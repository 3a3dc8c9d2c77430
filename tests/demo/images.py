"""The two images of the example, built on those of the product."""

from pathlib import Path

from tests.cluster.image_build import Image, Recipe, build_image
from tests.cluster.image_recipes import evaluator_image, operator_image, s3_image, server_image
from tests.cluster.site_packages import LOCKS, site_packages
from tests.demo.schedule import EXAMPLE

CONVERTER = ("skl2onnx", "onnx", "protobuf", "ml-dtypes", "typing-extensions")
"""What the trainer needs beside the evaluator's packages."""
TRAINER_MODULES = ("__init__.py", "rides.py", "model.py", "train.py")
LOAD_MODULES = ("__init__.py", "rides.py", "arrivals.py", "control.py", "progress.py", "load.py")


def product_images() -> dict[str, Image]:
    """Return the images by the chart's values that name them, the operator's first; build them if needed."""
    return {"image": operator_image(), "serverImage": server_image(), "evaluatorImage": evaluator_image()}


def example_images() -> dict[str, Image]:
    """Return the images by the names that the example's objects call them, building them if needed."""
    return {
        "bikeshare-s3": s3_image(),
        "bikeshare-trainer": _trainer_image(),
        "bikeshare-load": _load_image(),
    }


def _trainer_image() -> Image:
    contents = {"trainer-packages": site_packages(LOCKS / "dev.lock", only=CONVERTER)}
    recipe = Recipe(
        "bikeshare-trainer",
        EXAMPLE / "trainer.Dockerfile",
        contents | _modules(TRAINER_MODULES),
        base=evaluator_image(),
    )
    return build_image(recipe)


def _load_image() -> Image:
    recipe = Recipe(
        "bikeshare-load", EXAMPLE / "load.Dockerfile", _modules(LOAD_MODULES), base=server_image()
    )
    return build_image(recipe)


def _modules(names: tuple[str, ...]) -> dict[str, Path]:
    return {f"bikeshare/{name}": EXAMPLE / name for name in names}
