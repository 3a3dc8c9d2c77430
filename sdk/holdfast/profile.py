"""The profile of a model: how its features and outputs were distributed in reference rows. Pure.

It travels inside the package as ``profile.json``; servers count live rows in its bins (``binning``), the
operator compares the counts (``drift``). It holds counts, quantile edges and principal components only, never
a row.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from holdfast.failures import ModelError
from holdfast.manifest import PROFILE_FILE, canonical_json, first_problem
from holdfast.results import ModelFailureReason

MAX_BINS: Final = 10
MAX_CATEGORIES: Final = 19
MAX_COLUMNS: Final = 512
MAX_NAME_LENGTH: Final = 128
MAX_PROJECTED: Final = 64
MAX_COMPONENTS: Final = 8
MAX_PROFILE_BYTES: Final = 1024 * 1024
RESIDUAL: Final = "residual"
"""Kind, name and tensor of the one column that is made from the features together."""

Kind = Literal["feature", "output", "residual"]
Category = str | int | float
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class _Column(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: Kind
    name: _Name
    tensor: _Name
    index: Annotated[int, Field(ge=0)] | None = None
    missing: _Count
    counts: tuple[_Count, ...]

    @property
    def rows(self) -> int:
        """Reference rows in which the value is present."""
        return sum(self.counts)


class NumericColumn(_Column):
    """A number per row: bin ``i`` holds ``edges[i-1] <= x < edges[i]``, open at both ends.

    ``minimum``, ``maximum`` and ``median`` are None when the value is missing in every reference row.
    """

    type: Literal["numeric"] = "numeric"
    edges: tuple[_Finite, ...] = Field(max_length=MAX_BINS - 1)
    minimum: _Finite | None = Field(alias="min")
    maximum: _Finite | None = Field(alias="max")
    median: _Finite | None

    @model_validator(mode="after")
    def _bins_are_right(self) -> Self:
        if any(left >= right for left, right in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("edges must be strictly increasing")
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError("counts must have one entry more than edges")
        return self


class CategoricalColumn(_Column):
    """A category per row: ``counts`` has one entry per category and a last one for all others."""

    type: Literal["categorical"] = "categorical"
    categories: tuple[Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | int | _Finite, ...] = Field(
        max_length=MAX_CATEGORIES
    )

    @model_validator(mode="after")
    def _categories_are_right(self) -> Self:
        if len(set(self.categories)) != len(self.categories):
            raise ValueError("a category is listed twice")
        if len(self.counts) != len(self.categories) + 1:
            raise ValueError("counts must have one entry more than categories")
        return self


Column = Annotated[NumericColumn | CategoricalColumn, Field(discriminator="type")]


class Projection(BaseModel):
    """Leading principal components of standardised numeric features; the residual is the rest.

    ``mean`` and ``scale`` are in the features' units; ``components`` are orthonormal rows, one number per
    feature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[_Name, ...] = Field(min_length=2, max_length=MAX_PROJECTED)
    mean: tuple[_Finite, ...]
    scale: tuple[Annotated[_Finite, Field(gt=0)], ...]
    components: tuple[tuple[_Finite, ...], ...] = Field(min_length=1, max_length=MAX_COMPONENTS)

    @model_validator(mode="after")
    def _sizes_are_right(self) -> Self:
        lengths = {len(each) for each in (self.mean, self.scale, *self.components)}
        if lengths != {len(self.features)}:
            raise ValueError("mean, scale and every component must have one number per feature")
        return self


class Profile(BaseModel):
    """Reference distributions of ``rows`` rows; ``hash`` names it in metric labels.

    Version 2 has a residual, version 1 has none. The column of the residual counts only those rows that its
    components were not made from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1, 2] = Field(default=1, alias="schemaVersion")
    rows: Annotated[int, Field(ge=1, le=2**53)]
    columns: tuple[Column, ...] = Field(max_length=MAX_COLUMNS + 1)
    residual: Projection | None = None

    @model_validator(mode="after")
    def _columns_are_right(self) -> Self:
        keys = [(column.kind, column.name) for column in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError("two columns of a kind have the same name")
        own = [column for column in self.columns if column.kind != "residual"]
        if any(column.rows + column.missing != self.rows for column in own):
            raise ValueError("counts and missing of a column must add up to rows")
        return self

    @model_validator(mode="after")
    def _residual_is_right(self) -> Self:
        found = list(self.of_kind("residual"))
        expected = 0 if self.residual is None else 1
        if len(found) != expected or self.schema_version != 1 + expected:
            raise ValueError("version 2 has a residual and a column for it, version 1 neither")
        if any((each.type, each.name, each.tensor) != ("numeric", RESIDUAL, RESIDUAL) for each in found):
            raise ValueError("the column of the residual must be numeric, its name and tensor 'residual'")
        if any(each.rows + each.missing > self.rows for each in found):
            raise ValueError("the residual counts more rows than there are")
        numeric = {each.name for each in self.of_kind("feature") if isinstance(each, NumericColumn)}
        if self.residual is not None and not numeric.issuperset(self.residual.features):
            raise ValueError("the residual is of something that is not a numeric feature")
        return self

    @property
    def hash(self) -> str:
        """First 16 hex digits of the sha256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(self._document())).hexdigest()[:16]

    def column(self, kind: Kind, name: str) -> NumericColumn | CategoricalColumn | None:
        """Return a column by kind and name, or None."""
        return next((each for each in self.columns if (each.kind, each.name) == (kind, name)), None)

    def of_kind(self, kind: Kind) -> Iterator[NumericColumn | CategoricalColumn]:
        """Yield the columns of a kind, in order."""
        return (column for column in self.columns if column.kind == kind)

    def to_json(self) -> bytes:
        """Return the content of ``profile.json``: the canonical JSON and a line end."""
        return canonical_json(self._document()) + b"\n"

    def _document(self) -> dict[str, object]:
        # Without the field where there is none, profiles of version 1 keep their hash.
        return self.model_dump(
            mode="json", by_alias=True, exclude={"residual"} if self.residual is None else None
        )

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a ``profile.json``, which may be hostile.

        Raises:
            ModelError: PackageInvalid, naming the first thing that is wrong.
        """
        if len(content) > MAX_PROFILE_BYTES:
            message = f"{PROFILE_FILE} is larger than {MAX_PROFILE_BYTES} bytes"
            raise ModelError(ModelFailureReason.PACKAGE_INVALID, message)
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            message = f"{PROFILE_FILE}: {first_problem(error)}"
            raise ModelError(ModelFailureReason.PACKAGE_INVALID, message) from None
