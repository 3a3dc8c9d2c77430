"""A required signature: real keys, real bundles, and everything that can be wrong with them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from holdfast.failures import ModelError
from holdfast.package import ModelPackage
from holdfast.results import EXIT_MODEL_REFUSED, ModelFailureReason
from holdfast_serving.inspection.package_signature import verify_signature
from tests.unit.serving.signed_packages import make_key, rsa_public_key, sign

FILES = {"model.onnx": b"not really a model", "profile.json": b'{"schemaVersion":1,"rows":3,"columns":[]}'}


class Signed:
    """A signed package, its folder and the keys."""

    def __init__(self, folder: Path) -> None:
        self.private_key, self.public_key = make_key(folder / "keys")
        self.folder = folder / "package"
        ModelPackage.write(self.folder, FILES)
        self.signature = sign(self.folder, self.private_key)

    def verify(self) -> None:
        """Verify as after a fetch: the package has just been read."""
        verify_signature(ModelPackage.read(self.folder), self.public_key)


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


def test_package_signed_with_the_key_is_accepted(signed: Signed) -> None:
    signed.verify()


def test_signature_changes_no_digest(signed: Signed, tmp_path: Path) -> None:
    unsigned = ModelPackage.write(tmp_path / "unsigned", FILES)
    assert ModelPackage.read(signed.folder) == ModelPackage(signed.folder, unsigned.manifest)


def test_signature_over_the_manifest_too_is_accepted(signed: Signed) -> None:
    sign(signed.folder, signed.private_key, ignored=())
    signed.verify()


def test_signature_made_before_there_was_a_manifest_is_accepted(signed: Signed) -> None:
    (signed.folder / "manifest.json").unlink()
    sign(signed.folder, signed.private_key)
    ModelPackage.write(signed.folder.parent / "fetched", FILES)
    (signed.folder.parent / "fetched" / "model.sig").write_bytes(signed.signature.read_bytes())
    signed.folder = signed.folder.parent / "fetched"
    signed.verify()


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_longer_curves_are_accepted(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    signed = Signed(tmp_path)
    signed.private_key, signed.public_key = make_key(tmp_path / "keys", curve)
    sign(signed.folder, signed.private_key)
    signed.verify()


def change_file(signed: Signed) -> None:
    (signed.folder / "manifest.json").unlink()
    (signed.folder / "model.onnx").write_bytes(b"another model")


def add_file(signed: Signed) -> None:
    (signed.folder / "manifest.json").unlink()
    (signed.folder / "metadata.json").write_bytes(b"{}")


def remove_file(signed: Signed) -> None:
    (signed.folder / "manifest.json").unlink()
    (signed.folder / "profile.json").unlink()


def leave_model_unsigned(signed: Signed) -> None:
    sign(signed.folder, signed.private_key, ignored=("manifest.json", "model.onnx"))


def sign_shards(signed: Signed) -> None:
    sign(signed.folder, signed.private_key, shards=True)


def sign_with_other_key(signed: Signed) -> None:
    private_key, _ = make_key(signed.folder.parent / "other")
    sign(signed.folder, private_key)


def claim_the_key(signed: Signed) -> None:
    """Sign with another key, but name the right one as the key's hint."""
    hint = _bundle(signed)["verificationMaterial"]["publicKey"]["hint"]
    sign_with_other_key(signed)
    bundle = _bundle(signed)
    bundle["verificationMaterial"]["publicKey"]["hint"] = hint
    signed.signature.write_text(json.dumps(bundle))


def edit_statement(signed: Signed) -> None:
    bundle = _bundle(signed)
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:100] + ("A" if payload[100] != "A" else "B") + payload[101:]
    signed.signature.write_text(json.dumps(bundle))


def remove_signature(signed: Signed) -> None:
    signed.signature.unlink()


def remove_key(signed: Signed) -> None:
    signed.public_key.unlink()


def use_rsa_key(signed: Signed) -> None:
    signed.public_key.write_bytes(rsa_public_key())


def _bundle(signed: Signed) -> dict[str, dict[str, Any]]:
    document: dict[str, dict[str, Any]] = json.loads(signed.signature.read_text())
    return document


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (change_file, "changed since it was signed: model.onnx$"),
        (add_file, "does not sign metadata.json"),
        (remove_file, "no signature of these files"),
        (leave_model_unsigned, "does not sign model.onnx"),
        (sign_shards, "no signature of these files"),
        (sign_with_other_key, "no signature of these files"),
        (claim_the_key, "no signature of these files"),
        (edit_statement, "no signature of these files"),
        (remove_signature, "no signature of these files"),
        (remove_key, "key cannot be read"),
        (use_rsa_key, "no signature of these files"),
    ],
)
def test_anything_else_is_refused(signed: Signed, tamper: Callable[[Signed], None], message: str) -> None:
    tamper(signed)
    with pytest.raises(ModelError, match=message) as caught:
        signed.verify()
    assert caught.value.reason == ModelFailureReason.SIGNATURE_INVALID
    assert caught.value.exit_code == EXIT_MODEL_REFUSED


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff\xfe", id="binary"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="object"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"verificationMaterial": {}, "dsseEnvelope": {}, "mediaType": 7}', id="types"),
        pytest.param(b'{"mediaType": "x", "verificationMaterial": {"publicKey": null}}', id="nulls"),
    ],
)
def test_malformed_bundles_are_refused_without_their_words(signed: Signed, content: bytes) -> None:
    signed.signature.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        signed.verify()
    assert caught.value.reason == ModelFailureReason.SIGNATURE_INVALID
    assert caught.value.message == "model.sig: it is no signature of these files with the verification key"


def test_nothing_of_sigstore_is_loaded_without_a_key() -> None:
    program = (
        "import sys, holdfast_serving.inspection.fetch, holdfast_serving.inspection.inspection_result;"
        "print([name for name in ('model_signing', 'sigstore', 'cryptography') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
