"""The page in a real browser, where one is installed: it is shown, and nothing in it runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from holdfast.report.page import render_page
from tests.unit.sdk.report.documents import HOSTILE, document
from tests.unit.sdk.report.test_page import RICH, with_names

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
]


def shown(content: bytes, folder: Path) -> str:
    """Return what the browser makes of a page, after its scripts have run."""
    page = folder / "report.html"
    page.write_bytes(content)
    offline = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    command = (str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", *offline)
    profile = f"--user-data-dir={folder / 'profile'}"
    ended = subprocess.run(
        [*command, profile, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ended.stdout


def title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert found is not None
    return found[1]


def test_page_is_shown_as_it_was_made(tmp_path: Path) -> None:
    dom = shown(render_page(document(**RICH)), tmp_path)
    assert title(dom) == "Pass: bikes-drift-1a2b"
    assert dom.count("<section") == render_page(document(**RICH)).count(b"<section") > 6


def test_hostile_names_run_nothing(tmp_path: Path) -> None:
    dom = shown(render_page(document(**with_names(RICH, HOSTILE), run=HOSTILE)), tmp_path)
    assert title(dom).startswith("Pass: &lt;/title&gt;")
    assert not re.search(r"<(script|img)\b", dom)


def test_even_a_script_that_got_into_the_page_would_not_run(tmp_path: Path) -> None:
    page = render_page(document()).replace(b"</main>", b"<script>document.title='owned'</script></main>")
    dom = shown(page, tmp_path)
    assert "<script>document.title='owned'" in dom
    assert title(dom) == "Pass: bikes-drift-1a2b"
