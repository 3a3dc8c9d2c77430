import numpy as np
import pytest
from bikeshare.arrivals import to_csv
from bikeshare.load import request_of
from bikeshare.progress import Answer, Progress
from bikeshare.rides import Rides

from tests.unit.demo.builders import csv_of, rides_of


def test_rows_come_in_order_of_time_and_once() -> None:
    rides = Rides.parse([csv_of("2011-01-02", 1), csv_of("2011-01-01", 2)])
    assert len(rides) == 48
    assert (np.diff(rides.time.astype(np.int64)) == 1).all()


def test_features_are_hour_weekday_weekend_and_weather() -> None:
    saturday_noon = rides_of("2011-01-01", 1).features[12]
    assert saturday_noon.tolist() == [12, 5, 1, 1.5, 9.5, 0]


def test_monday_begins_a_week() -> None:
    week = rides_of("2011-01-02", 2).week
    assert week[23] + 1 == week[24]


def test_row_without_a_count_is_refused() -> None:
    with pytest.raises(ValueError, match="not complete"):
        Rides.parse(['"date","ts","tmin","tmax","pn"\n2011-01-01,2011-01-01 00:00:00,1,2,0\n'])


def test_stored_csv_reads_back() -> None:
    text = to_csv(
        iter(
            [
                {
                    "date": "2011-01-01",
                    "ts": "2011-01-01 00:00:00",
                    "count": "7",
                    "tmin": "1",
                    "tmax": "2",
                    "pn": "0",
                }
            ]
        )
    )
    assert Rides.parse([text]).count.tolist() == [7]


def test_request_is_one_row_of_the_inference_protocol() -> None:
    request = request_of(rides_of("2011-01-01", 1), 3)
    assert request["inputs"][0] == {
        "name": "x",
        "datatype": "FP32",
        "shape": [1, 6],
        "data": [3, 5, 1, 1.5, 9.5, 0],
    }
    assert request["outputs"] == [{"name": "count"}]


def test_progress_hands_out_what_is_new() -> None:
    progress = Progress(total=3, rows_per_second=16)
    progress.add(Answer("2011-04-01T00", 5.0, 4.0, "bikes-1"))
    progress.add(Answer("2011-04-01T01", 5.0, failure="503"))
    found = progress.since(1)
    assert [each["hour"] for each in found["answers"]] == ["2011-04-01T01"]
    assert (found["sent"], found["failed"], found["done"]) == (2, 1, False)


@pytest.mark.parametrize("pace", [0, -1, 1001, float("nan")])
def test_senseless_pace_is_refused(pace: float) -> None:
    progress = Progress(total=1, rows_per_second=16)
    with pytest.raises(ValueError, match="rowsPerSecond"):
        progress.set_pace(pace)
    assert progress.rows_per_second == 16
