"""Manifest of a model package: names, sizes and sha256 of its files, and the digest over all. Pure."""

import hashlib
import json
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

MODEL_FILE: Final = "model.onnx"
PROFILE_FILE: Final = "profile.json"
METADATA_FILE: Final = "metadata.json"
REPORT_FILE: Final = "report.json"
REPORT_PAGE_FILE: Final = "report.html"
CARD_FILE: Final = "README.md"
MANIFEST_FILE: Final = "manifest.json"
SIGNATURE_FILE: Final = "model.sig"
"""Lies beside the package and signs its files, so it cannot be one of them; signing changes no digest."""
PACKAGE_FILES: Final = (
    MODEL_FILE,
    PROFILE_FILE,
    METADATA_FILE,
    REPORT_FILE,
    REPORT_PAGE_FILE,
    CARD_FILE,
)
"""What is looked for in a folder without a manifest; other files there are not part of the package."""

MAX_FILES: Final = 64
MAX_MANIFEST_BYTES: Final = 64 * 1024
MAX_SIGNATURE_BYTES: Final = 256 * 1024
FILE_NAME_PATTERN: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$"
"""Flat names only: no separators, and no leading dot, so neither ``..`` nor hidden files."""

_STRICT = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PackageFile(BaseModel):
    """One file of a package: flat name, sha256 as 64 hex digits, size in bytes."""

    model_config = _STRICT

    path: Annotated[str, Field(pattern=FILE_NAME_PATTERN)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, strict=True)]


class Manifest(BaseModel):
    """All files of a package, sorted by name; ``manifest.json`` and ``model.sig`` are not listed."""

    model_config = _STRICT

    schema_version: Literal[1] = Field(default=1, alias="schemaVersion")
    files: tuple[PackageFile, ...] = Field(min_length=1, max_length=MAX_FILES)

    @model_validator(mode="after")
    def _names_are_right(self) -> Self:
        names = self.names
        if len(set(names)) != len(names):
            raise ValueError("a file is listed twice")
        if MODEL_FILE not in names:
            raise ValueError(f"{MODEL_FILE} is not listed")
        for name in (MANIFEST_FILE, SIGNATURE_FILE):
            if name in names:
                raise ValueError(f"{name} is listed, but describes the others")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the files, in the order listed."""
        return [file.path for file in self.files]

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes of all files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """Digest of the package: ``sha256:`` and the hash of the canonical JSON of its sorted files.

        It depends on the files alone, not on whether ``manifest.json`` exists or how it is formatted.
        """
        content = canonical_json({"files": self._entries()})
        return f"sha256:{hashlib.sha256(content).hexdigest()}"

    def file(self, name: str) -> PackageFile | None:
        """Return the entry of ``name``, or None when it is not listed."""
        return next((file for file in self.files if file.path == name), None)

    def to_json(self) -> bytes:
        """Return the content of ``manifest.json``."""
        document = {"schemaVersion": self.schema_version, "files": self._entries()}
        return json.dumps(document, indent=2).encode() + b"\n"

    def _entries(self) -> list[dict[str, object]]:
        return [file.model_dump() for file in sorted(self.files, key=lambda file: file.path)]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read the content of a ``manifest.json``.

        Raises:
            ModelError: PackageInvalid, naming the first thing that is wrong.
        """
        if len(content) > MAX_MANIFEST_BYTES:
            raise ModelError(
                ModelFailureReason.PACKAGE_INVALID,
                f"{MANIFEST_FILE} is larger than {MAX_MANIFEST_BYTES} bytes",
            )
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise ModelError(
                ModelFailureReason.PACKAGE_INVALID, f"{MANIFEST_FILE}: {first_problem(error)}"
            ) from None


def canonical_json(document: object) -> bytes:
    """Return JSON with sorted keys and no spaces: equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def first_problem(error: ValidationError) -> str:
    """Return where and what the first problem of a validation is, without the offending input."""
    problem = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
