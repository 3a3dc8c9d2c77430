"""river: change detectors that take every row of every column, by default, after the reference rows."""

from looking import answer
from river.drift import ADWIN, PageHinkley


def look_at(job):
    for rule, kind in (("ADWIN, any column", ADWIN), ("Page-Hinkley, any column", PageHinkley)):
        detectors = [kind() for _ in job.names]
        for row in job.reference.tolist():
            update(detectors, row)
        for number, row in enumerate(job.live.tolist(), 1):
            if update(detectors, row):
                yield rule, number


def update(detectors, row):
    alarm = False
    for detector, value in zip(detectors, row, strict=True):
        detector.update(value)
        alarm = alarm or detector.drift_detected
    return alarm


answer(look_at)
