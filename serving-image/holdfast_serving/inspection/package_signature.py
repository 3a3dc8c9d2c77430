"""OpenSSF model signatures: whether ``model.sig`` was made over a package's files with the required key.

The bundle and the signed statement are read by the ``model-signing`` library; what this module adds is that
every file of the package must be among the signed ones, whatever the signer chose to leave out.
"""

import base64
import json
import re
from pathlib import Path
from typing import Final

from holdfast.failures import ModelError
from holdfast.manifest import SIGNATURE_FILE
from holdfast.package import ModelPackage
from holdfast.results import ModelFailureReason

_MISMATCH: Final = "Signature mismatch"
_CHANGED: Final = re.compile(r"Hash mismatch for \W*([\w.-]{1,128})")


def verify_signature(package: ModelPackage, public_key: Path) -> None:
    """Refuse a package unless its ``model.sig`` signs all of its files with the key of ``public_key`` (PEM).

    Raises:
        ModelError: SignatureInvalid.
    """
    signature = package.folder / SIGNATURE_FILE
    _verify(package.folder, signature, _readable(public_key))
    unsigned = sorted(set(package.manifest.names) - _signed_names(signature))
    if unsigned:
        raise _invalid(f"it does not sign {', '.join(unsigned)[:200]}")


def _readable(public_key: Path) -> Path:
    try:
        public_key.open("rb").close()
    except OSError as error:
        raise _invalid(f"the verification key cannot be read: {error.strerror}") from None
    return public_key


def _verify(folder: Path, signature: Path, public_key: Path) -> None:
    # Here, so that who verifies nothing does not load it: half a second and 40 MB.
    from model_signing import verifying

    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=public_key)
        # manifest.json may have been written after the signature; the caller checks that all else is signed.
        config.set_ignore_unsigned_files(True).verify(folder, signature)
    except Exception as error:  # noqa: BLE001 - a malformed bundle or key raises whatever its parser raises
        raise _invalid(_why(str(error))) from None


def _why(text: str) -> str:
    # Only after the key has verified does the library tell of the statement; other texts may be anyone's.
    changed = _CHANGED.findall(text) if text.startswith(_MISMATCH) else []
    if changed:
        return f"changed since it was signed: {', '.join(changed)[:200]}"
    return "it is no signature of these files with the verification key"


def _signed_names(signature: Path) -> set[str]:
    """Return the files that a verified bundle signs."""
    try:
        bundle = json.loads(signature.read_bytes())
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        return {str(each["name"]) for each in statement["predicate"]["resources"]}
    except (OSError, ValueError, LookupError, TypeError):
        raise _invalid("it is not a signature of version 1.0 of OpenSSF model signing") from None


def _invalid(why: str) -> ModelError:
    return ModelError(ModelFailureReason.SIGNATURE_INVALID, f"{SIGNATURE_FILE}: {why}")
