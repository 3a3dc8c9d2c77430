"""Schemathesis: `BASE_URL DOCUMENT CHECKS`; requests made up from an OpenAPI document, answers held to it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SEED = "1"
EXAMPLES = "10"


def main(base_url: str, document: str, checks: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "report.json"
        command = [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "run",
                document,
                "--url",
                base_url,
                "--checks",
                checks,
            ),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED),
            *("--report", "json", "--report-json-path", str(found), "--warnings", "off"),
        ]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        details = json.loads(found.read_text()) if found.exists() else None
    said = ended.stdout[-6000:] + ended.stderr[-2000:]
    json.dump({"status": ended.returncode, "said": said, "report": details}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
