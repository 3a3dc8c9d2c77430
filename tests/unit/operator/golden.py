"""Golden files: what is rendered is compared with what was reviewed; ``--update-golden`` writes them anew."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "golden"
CHECKOUT = FOLDER.parents[1]


def check_golden(path: Path, rendered: str, *, update: bool) -> None:
    """Compare with the file, or write it."""
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered)
    assert path.is_file(), f"{path} is missing; run pytest with --update-golden and review it"
    assert rendered == path.read_text(), f"{path} differs; run with --update-golden and review it"
