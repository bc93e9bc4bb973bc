"""The workflow run on a user's particles to sort them into classes."""

from gradalign.classes.opening import check_star
from gradalign.particles.boxes import plan_boxes
from gradalign.particles.command import WorkflowRun


class ClassesRun(WorkflowRun):
    """Particles sorted into classes without a reference; see `gradalign.particles.command.WorkflowRun`."""

    section = "classes"
    typed = "make classes STAR=run.star"

    def check(self, section):
        """See `gradalign.particles.command.WorkflowRun.check`."""
        if not plan_boxes(section, self.folder / self.results.parent / "boxes"):
            check_star(section)
