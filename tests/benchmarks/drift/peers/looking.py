"""What every peer's program has in common: it reads jobs, looks at their rows and says where it alarms.

A job is an npz file: ``reference`` and ``live`` rows of shape [rows, columns], and the looks, each from row
``starts[i]`` to before row ``ends[i]`` of the live rows. The answer is one line of JSON on stdout:
``{job: {"alarms": {rule: [row, ...]}, "seconds": CPU seconds}}``; a row is that of the look's end.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from time import process_time

import numpy as np


class Job:
    def __init__(self, path):
        content = np.load(path)
        self.reference, self.live = content["reference"], content["live"]
        self.starts, self.ends = content["starts"].tolist(), content["ends"].tolist()
        self.names = [f"x{index}" for index in range(self.live.shape[1])]

    def looks(self):
        """Yield the rows of each look and where it ends."""
        for start, end in zip(self.starts, self.ends, strict=True):
            yield self.live[start:end], end


def answer(look_at):
    """Look at every job that is named on the command line; LOOK_AT yields rules and rows where they alarm."""
    answers = {}
    for path in map(Path, sys.argv[1:]):
        job = Job(path)
        alarms = defaultdict(list)
        started = process_time()
        for rule, row in look_at(job):
            alarms[rule].append(row)
        answers[path.stem] = {"alarms": alarms, "seconds": process_time() - started}
    sys.stdout.write(json.dumps(answers) + "\n")
