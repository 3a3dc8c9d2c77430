"""Old files go, and only files of ours."""

from datetime import UTC, date, datetime

from holdfast_serving.capture.retention import expired, file_name

NOW = datetime(2026, 11, 25, 23, 59, 58, tzinfo=UTC)


def test_name_tells_date_revision_pod_and_time() -> None:
    name = file_name("wine-1", "wine-1-abc/../x", NOW, "0123abcd")
    assert name == "date=2026-11-25/wine-1-wine-1-abc_.._x-20261125T235958Z-0123abcd.parquet"


def test_files_older_than_the_retention_expire() -> None:
    names = [file_name("r", "p", NOW.replace(day=day), "0123abcd") for day in (1, 14, 15, 25)]
    assert expired(names, date(2026, 11, 25), 10) == names[:2]


def test_files_of_others_stay() -> None:
    names = [
        "date=2020-01-01/notes.parquet",
        "date=2020-01-01/a/r-p-20200101T000000Z-0123abcd.parquet",
        "other/date=2020-01-01/r-p-20200101T000000Z-0123abcd.parquet",
        "date=2020-01-01/r-p-20200101T000000Z-0123abcd.parquet.bak",
        "date=2020-1-1/r-p-20200101T000000Z-0123abcd.parquet",
        "r-p-20200101T000000Z-0123abcd.parquet",
    ]
    assert expired(names, date(2026, 11, 25), 1) == []
