"""Builds images from a Dockerfile with docker where it answers, else with buildah, once per content."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.cluster.cache import cache_folder, cached, content_key, folder_parts
from tests.cluster.packages import require_programs
from tests.cluster.progress import run_logged, step
from tests.cluster.site_packages import REPOSITORY, make_readable

REGISTRY = "holdfast.test"
_KEPT_ARCHIVES = 6


@dataclass(frozen=True)
class Recipe:
    """What an image is made of.

    `contents` maps a path in the build context to the file or folder on this machine that goes there.
    `base` is passed as build argument BASE_IMAGE: an image built before, or the name of a public one.
    `build_args` are part of the content; `stamps` (a commit, say) are passed as build arguments, too, but do
    not make another image by themselves.
    """

    name: str
    dockerfile: Path
    contents: Mapping[str, Path]
    target: str = ""
    base: "Image | str | None" = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)

    def tag(self) -> str:
        """Return the tag: a hash of everything but the stamps, so that another content is another tag."""
        arguments = str(sorted(self.arguments(stamped=False).items()))
        parts: list[bytes | str] = [self.dockerfile.read_bytes(), self.target, arguments]
        for destination, source in sorted(self.contents.items()):
            parts += [destination, *_content_of(source)]
        return content_key(parts)

    def arguments(self, *, stamped: bool = True) -> dict[str, str]:
        """Return every build argument, with or without the stamps."""
        base = self.base.ref if isinstance(self.base, Image) else self.base
        based = {} if base is None else {"BASE_IMAGE": base}
        return based | dict(self.build_args) | (dict(self.stamps) if stamped else {})

    @property
    def ref(self) -> str:
        """Name of the image in every cluster."""
        return f"{REGISTRY}/{self.name}:{self.tag()}"


@dataclass(frozen=True)
class Image:
    """A built image: its name, and an archive (docker-archive, uncompressed layers) to load it from."""

    ref: str
    archive: Path

    @property
    def size_bytes(self) -> int:
        """Size of all layers, uncompressed."""
        return self.archive.stat().st_size


def build_image(recipe: Recipe) -> Image:
    """Return the image of RECIPE, building it if its content was not built before.

    Raises:
        ClusterError: neither docker nor buildah is there, or the build failed.
    """
    ref = recipe.ref
    folder = cached(
        "images", f"{recipe.name}-{ref.rpartition(':')[2]}", lambda folder: _build(recipe, ref, folder)
    )
    os.utime(folder)
    _forget_old(recipe.name, folder.parent)
    return Image(ref, folder / "image.tar")


@cache
def docker_answers() -> bool:
    """Tell whether there is a docker command with a daemon behind it."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def _content_of(source: Path) -> Sequence[bytes | str]:
    if source.is_relative_to(cache_folder()):
        return [str(source.relative_to(cache_folder()))]  # named by its content already
    return list(folder_parts(source)) if source.is_dir() else [source.read_bytes()]


def _build(recipe: Recipe, ref: str, folder: Path) -> None:
    log = folder.parent / f"{recipe.name}.log"
    log.unlink(missing_ok=True)
    arguments = [f"--build-arg={name}={value}" for name, value in recipe.arguments().items()]
    options = [f"--tag={ref}", f"--file={recipe.dockerfile}", *arguments]
    if recipe.target:
        options.append(f"--target={recipe.target}")
    # In the cache, so that the contents of the cache can be linked instead of copied.
    context = Path(tempfile.mkdtemp(prefix=".context-", dir=folder.parent))
    try:
        _lay_out(recipe.contents, context)
        if isinstance(recipe.base, Image):
            _store(recipe.base, log)
        with step(f"building image {ref}"):
            for command in _commands(options, context, ref, folder / "image.tar"):
                run_logged(command, log, cwd=REPOSITORY)
    finally:
        shutil.rmtree(context, ignore_errors=True)


def _commands(options: Sequence[str], context: Path, ref: str, archive: Path) -> list[list[str]]:
    if docker_answers():
        return [
            ["docker", "build", *options, str(context)],
            ["docker", "save", f"--output={archive}", ref],
        ]
    return [
        # chroot isolation needs neither cgroups nor namespaces of its own: it works inside containers, too.
        [*buildah(), "bud", "--isolation=chroot", "--layers", "--format=docker", *options, str(context)],
        [*buildah(), "push", "--disable-compression", ref, f"docker-archive:{archive}:{ref}"],
    ]


def _store(image: Image, log: Path) -> None:
    """Have the image in the build tool's own store, too: it may have been cleared since."""
    show, load = (
        (["docker", "image", "inspect", image.ref], ["docker", "load", f"--input={image.archive}"])
        if docker_answers()
        else ([*buildah(), "inspect", image.ref], [*buildah(), "pull", f"docker-archive:{image.archive}"])
    )
    if subprocess.run(show, capture_output=True, check=False).returncode != 0:
        run_logged(load, log)


def buildah() -> list[str]:
    """Return the buildah command with storage of its own in the cache."""
    require_programs("buildah")
    storage = cache_folder() / "buildah"
    return ["buildah", f"--root={storage / 'storage'}", f"--runroot={storage / 'run'}"]


def _lay_out(contents: Mapping[str, Path], context: Path) -> None:
    for destination, source in contents.items():
        place = context / destination
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_relative_to(cache_folder()):
            _link(source, place)
        else:
            _copy(source, place)


def _link(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, copy_function=os.link, symlinks=True)
    else:
        os.link(source, place)


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        make_readable(place)
    else:
        shutil.copyfile(source, place)
        place.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _forget_old(name: str, images: Path) -> None:
    archives = [path for path in images.glob(f"{name}-*") if path.name.rpartition("-")[0] == name]
    newest_first = sorted(archives, key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in newest_first[_KEPT_ARCHIVES:]:
        shutil.rmtree(folder, ignore_errors=True)
        ref = f"{REGISTRY}/{name}:{folder.name.rpartition('-')[2]}"
        forget = ["docker", "image", "rm", ref] if docker_answers() else [*buildah(), "rmi", ref]
        # It may be the base of another image, or be gone already.
        subprocess.run(forget, capture_output=True, check=False)
