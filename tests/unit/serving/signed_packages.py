"""Keys and signatures of packages, made with the published tool as a user makes them."""

from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from model_signing import hashing, signing

_PRIVATE = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
_PUBLIC = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def make_key(folder: Path, curve: ec.EllipticCurve | None = None) -> tuple[Path, Path]:
    """Return the files of a new private key and its public key."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / "signing-key.pem", folder / "verification-key.pem"
    private.write_bytes(key.private_bytes(*_PRIVATE))
    public.write_bytes(key.public_key().public_bytes(*_PUBLIC))
    return private, public


def rsa_public_key() -> bytes:
    """Return a public key of a kind that model signatures do not use."""
    return rsa.generate_private_key(65537, 2048).public_key().public_bytes(*_PUBLIC)


def sign(
    folder: Path, private_key: Path, ignored: Iterable[str] = ("manifest.json",), shards: bool = False
) -> Path:
    """Sign the files of a package's folder, and return its ``model.sig``."""
    signature = folder / "model.sig"
    config = hashing.Config()
    if shards:
        config.use_shard_serialization()
    config.set_ignored_paths(paths=[*ignored, "model.sig"])
    signer = signing.Config().use_elliptic_key_signer(private_key=private_key).set_hashing_config(config)
    signer.sign(folder, signature)
    return signature
