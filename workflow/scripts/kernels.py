"""Compile the aligner's kernels into the cache, and note which."""

from pathlib import Path

from gradalign.base.files import complete_file
from gradalign.run.jobs import job
from gradalign.study.kernels import compile_kernels

with job(snakemake.log[0]) as say:
    name = compile_kernels(snakemake.params.alignment)
    with complete_file(snakemake.output[0]) as partial:
        Path(partial).write_text(f"{name}\n", encoding="utf-8")
    say("kernels compiled")
