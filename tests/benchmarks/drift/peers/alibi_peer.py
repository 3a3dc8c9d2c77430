"""Alibi Detect: Kolmogorov-Smirnov tests of every column, by default at 0.05 with Bonferroni's correction."""

from alibi_detect.cd import KSDrift
from looking import answer


def look_at(job):
    detector = KSDrift(job.reference, p_val=0.05)
    for rows, end in job.looks():
        if detector.predict(rows)["data"]["is_drift"]:
            yield "KS, Bonferroni 0.05", end


answer(look_at)
