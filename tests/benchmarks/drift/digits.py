"""Handwritten digits, a model of them, and the shifts of Failing Loudly.

Source of the grid: Rabanser, Günnemann, Lipton (2019), "Failing Loudly", and its repository: noise of a
standard deviation of 1, 10 or 100 of 255; class 0 left out; images turned, moved, sheared and zoomed at
random by up to 10 degrees, 5 %, 10 % and 10 % (small), 40, 20, 20 and 20 (medium), 90, 40, 30 and 40
(large); each of 10, 50 or 100 % of the rows. Theirs are images of 28 x 28 or 32 x 32 pixels; these have 8 x
8.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.drift.traffic import REFERENCE_ROWS, Rows

Family = Literal["noise", "class 0 left out", "image"]
Size = Literal["small", "medium", "large"]

SIDE: Final = 8
BRIGHTEST: Final = 16
NOISE: Final[dict[Size, float]] = {"small": 1 / 255, "medium": 10 / 255, "large": 100 / 255}
# Degrees, and shares of the image.
IMAGE: Final[dict[Size, tuple[float, float, float, float]]] = {
    "small": (10, 0.05, 0.1, 0.1),
    "medium": (40, 0.2, 0.2, 0.2),
    "large": (90, 0.4, 0.3, 0.4),
}
SIZES: Final[tuple[Size, ...]] = ("small", "medium", "large")
SHARES: Final = (0.1, 0.5, 1.0)


@dataclass(frozen=True)
class Shift:
    """What becomes of a share of the rows."""

    family: Family
    share: float
    size: Size = "large"

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return self.family if self.family.startswith("class") else f"{self.family}, {self.size}"


GRID: Final = (
    *(Shift("noise", share, size) for size in SIZES for share in SHARES),
    *(Shift("class 0 left out", share) for share in SHARES),
    *(Shift("image", share, size) for size in SIZES for share in SHARES),
)


@dataclass(frozen=True)
class Digits:
    """Images that the model has not seen, their classes, and the model."""

    images: Rows
    classes: NDArray[np.int64]
    model: LogisticRegression

    @classmethod
    @cache
    def load(cls) -> "Digits":
        """Fit a model to every third image and keep the others."""
        images, classes = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(images))
        images, classes = images[order].astype(np.float32), classes[order]
        seen = np.arange(len(images)) % 3 == 0
        model = LogisticRegression(max_iter=2_000).fit(images[seen] / BRIGHTEST, classes[seen])
        return cls(images[~seen], classes[~seen], model)

    def reference(self, generator: np.random.Generator) -> Rows:
        """Return pixels and scores of reference rows, of shape [rows, 64 + 10]."""
        return self._with_scores(self._drawn(generator, REFERENCE_ROWS)[0])

    def live(self, generator: np.random.Generator, rows: int, shift: Shift | None) -> Rows:
        """Return pixels and scores of live rows."""
        images, classes = self._drawn(generator, rows)
        if shift is None:
            return self._with_scores(images)
        if shift.family == "class 0 left out":
            return self._with_scores(self._without_zeros(generator, images, classes, shift.share))
        touched = generator.random(rows) < shift.share
        images[touched] = shifted(images[touched], shift, generator)
        return self._with_scores(images)

    def _drawn(self, generator: np.random.Generator, rows: int) -> tuple[Rows, NDArray[np.int64]]:
        chosen = generator.integers(0, len(self.images), rows)
        return self.images[chosen], self.classes[chosen]

    def _without_zeros(
        self, generator: np.random.Generator, images: Rows, classes: NDArray[np.int64], share: float
    ) -> Rows:
        """Return as many rows, others in place of the share of class 0 that is left out."""
        replaced = (classes == 0) & (generator.random(len(classes)) < share)
        others = self.images[self.classes != 0]
        images[replaced] = others[generator.integers(0, len(others), int(replaced.sum()))]
        return images

    def _with_scores(self, images: Rows) -> Rows:
        scores = self.model.predict_proba(images / BRIGHTEST)
        return np.hstack([images, scores]).astype(np.float32)


def shifted(images: Rows, shift: Shift, generator: np.random.Generator) -> Rows:
    """Return images with noise, or each turned, moved, sheared and zoomed in its own way."""
    if shift.family == "noise":
        noise = generator.normal(0, NOISE[shift.size] * BRIGHTEST, images.shape)
        return np.clip(images + noise, 0, BRIGHTEST).astype(np.float32)
    moved = [_moved(each, IMAGE[shift.size], generator) for each in images]
    return np.array(moved, dtype=np.float32).reshape(images.shape)


def _moved(
    image: Rows, most: tuple[float, float, float, float], generator: np.random.Generator
) -> NDArray[np.float64]:
    turn, move, shear, zoom = generator.uniform(-1, 1, 4) * most
    angle = np.deg2rad(turn)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turned @ np.array([[1, shear], [0, 1]]) * (1 + zoom)
    centre = np.full(2, (SIDE - 1) / 2)
    offset = centre - matrix @ centre + move * SIDE
    moved = affine_transform(image.reshape(SIDE, SIDE), matrix, offset, order=1, mode="nearest")
    return np.asarray(moved.ravel())
