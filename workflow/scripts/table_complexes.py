"""Write the errors of the complexes."""

import json
from pathlib import Path

from gradalign.aligner_tables import with_others
from gradalign.jobs import job
from gradalign.statistics import read_alignments, summarise_complexes
from gradalign.tables import complexes_caption, write_complexes_markdown, write_csv

with job(snakemake.log[0]):
    names = snakemake.params.complexes
    alignments = [
        with_others(read_alignments(path), snakemake.input.aligners, name)
        for name, path in zip(names, snakemake.input.alignments, strict=True)
    ]
    about = (json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.about)
    rows = summarise_complexes(dict(zip(names, alignments, strict=True)), dict(zip(names, about, strict=True)))
    write_csv(rows, snakemake.output.csv)
    write_complexes_markdown(rows, snakemake.output.markdown, complexes_caption(rows))
