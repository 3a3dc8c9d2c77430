"""Certificates that only the tests trust, made when they are needed."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cluster.packages import require_programs


def self_signed(subject_alt_name: str) -> tuple[str, str]:
    """Return a self-signed certificate for a name such as ``DNS:host``, and its key, both PEM."""
    require_programs("openssl")
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key", Path(folder) / "certificate"
        subject = ["-subj", "/CN=tests", "-addext", f"subjectAltName={subject_alt_name}", "-days", "2"]
        files = ["-nodes", "-keyout", str(key), "-out", str(certificate)]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, *files]
        subprocess.run(command, capture_output=True, check=True)
        return certificate.read_text(), key.read_text()
