"""Hold the paper's claims against the study's own data."""

from gradalign.report.claims.verdicts import Evidence, claims_caption, claims_parts, verdicts, write_claims
from gradalign.report.csv_tables import read_csv
from gradalign.report.html import write_page
from gradalign.report.statistics import read_alignments, read_paper
from gradalign.run.jobs import job

output = snakemake.output
with job(snakemake.log[0]):
    others = ("comparisons", "scans", "contrast", "averages", "classes")
    measured = {name: read_csv(snakemake.input[name]) for name in others if snakemake.input.get(name)}
    alignments, paper = read_alignments(snakemake.input.alignments), read_paper(snakemake.input.paper)
    claims = verdicts(Evidence(alignments, paper, **measured), snakemake.params.seed)
    write_claims(claims, output.csv, output.markdown)
    write_page(output.page, "The paper's claims", claims_caption(claims), claims_parts(claims))
