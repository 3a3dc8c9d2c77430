"""Makes the Python modules of the protocol's messages anew, as they stand in the server's package.

``python -m tests.unit.serving.grpc.generated_messages`` writes them.
"""

from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from grpc_tools import protoc

PACKAGES = Path(__file__).parents[4] / "serving-image"
FOLDER = Path("holdfast_serving/grpc")
NAMES = ("open_inference_grpc_pb2.py", "open_inference_grpc_pb2.pyi")


def generate() -> dict[str, str]:
    """Return the modules' contents by file name."""
    with TemporaryDirectory() as folder:
        arguments = [f"-I{PACKAGES}", f"-I{resources.files('grpc_tools') / '_proto'}"]
        outputs = [f"--python_out={folder}", f"--pyi_out={folder}"]
        failed = protoc.main(["protoc", *arguments, *outputs, str(FOLDER / "open_inference_grpc.proto")])
        if failed:
            raise RuntimeError("protoc has failed")
        return {name: (Path(folder) / FOLDER / name).read_text() for name in NAMES}


if __name__ == "__main__":
    for name, content in generate().items():
        (PACKAGES / FOLDER / name).write_text(content)
