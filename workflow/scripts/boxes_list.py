"""List the boxes that are cut at the places of a user's list, and name those that would leave their tomogram."""

from gradalign.particles.boxes import plan_boxes
from gradalign.particles.cutting import write_list
from gradalign.run.jobs import job

with job(snakemake.log[0]) as say:
    boxes = plan_boxes(snakemake.params.section, snakemake.params.folder)
    write_list(boxes, snakemake.output.members)
    say(boxes.sentence())
