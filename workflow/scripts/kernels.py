"""Compile the aligner's kernels into the cache, and note which."""

from pathlib import Path

from gradalign.jobs import job
from gradalign.volumes import complete_file
from gradalign.warming import compile_kernels

with job(snakemake.log[0]) as say:
    name = compile_kernels(snakemake.params.alignment, snakemake.params.seed)
    with complete_file(snakemake.output[0]) as partial:
        Path(partial).write_text(f"{name}\n", encoding="utf-8")
    say("kernels compiled")
