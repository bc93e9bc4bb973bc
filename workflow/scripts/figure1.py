"""Draw Figure 1: the flow of the search and the graph of the study's rules."""

from gradalign.report.figures.figure1 import figure1, figure1_caption
from gradalign.report.rule_graph import study_rule_graph
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    config = snakemake.params.config
    graph = study_rule_graph(snakemake.input.snakefiles[0], config)
    paths = [snakemake.output.svg, snakemake.output.png]
    figure1(graph, config["alignment"], config["grid"]["interval"], paths, figure1_caption())
