"""Hold every alternative of the protocol against the printed values."""

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.report.calibration import beside_base, judge
from gradalign.report.statistics import read_paper
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    rows = pd.concat([pd.read_csv(path) for path in snakemake.input.parts], ignore_index=True)
    paper = read_paper(snakemake.input.paper)
    with complete_file(snakemake.output.phantom) as partial:
        judge(rows, paper).to_csv(partial, index=False, lineterminator="\n", float_format="%.3f")
    with complete_file(snakemake.output.worse_cells) as partial:
        beside = beside_base(rows, paper, pd.read_csv(snakemake.input.comparison))
        beside.to_csv(partial, index=False, lineterminator="\n", float_format="%.3f")
    complexes = pd.concat([pd.read_csv(path) for path in snakemake.input.complexes] or [pd.DataFrame()])
    with complete_file(snakemake.output.complexes) as partial:
        complexes.to_csv(partial, index=False, lineterminator="\n", float_format="%.4g")
