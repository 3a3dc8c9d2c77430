"""NannyML: chunks of rows, each beyond three standard deviations of the reference's chunks or not.

The defaults: Jensen-Shannon distance of each column, and the reconstruction error of principal components.
A reference of 5,000 rows makes 10 chunks by default, so a chunk has 500 rows, or a look's if it has fewer.
"""

import pandas as pd
from looking import answer
from nannyml import DataReconstructionDriftCalculator, UnivariateDriftCalculator

MOST_ROWS = 500


def look_at(job):
    chunk = min(MOST_ROWS, job.ends[0] - job.starts[0])
    # The rest is no chunk: fewer rows would be further off than others.
    whole = job.live[: len(job.live) // chunk * chunk]
    reference, live = (pd.DataFrame(rows, columns=job.names) for rows in (job.reference, whole))
    univariate = UnivariateDriftCalculator(column_names=job.names, chunk_size=chunk).fit(reference)
    found = univariate.calculate(live).filter(period="analysis").to_df()
    drifted = found.xs("alert", axis=1, level=-1).sum(axis=1)
    ends = found["chunk", "chunk", "end_index"] + 1
    yield from (("any column", int(end)) for end in ends[drifted > 0])
    yield from (("half of the columns", int(end)) for end in ends[drifted >= len(job.names) / 2])
    together = DataReconstructionDriftCalculator(column_names=job.names, chunk_size=chunk).fit(reference)
    found = together.calculate(live).filter(period="analysis").to_df()
    ends = found["chunk", "end_index"] + 1
    yield from (("reconstruction error", int(end)) for end in ends[found["reconstruction_error", "alert"]])


answer(look_at)
