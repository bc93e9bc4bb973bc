"""The workflow run on a user's particles to sort them into classes."""

from gradalign.classes.checks import SECTION
from gradalign.classes.opening import check_input
from gradalign.particles.command import WorkflowRun


class ClassesRun(WorkflowRun):
    """Particles sorted into classes without a reference; see `gradalign.particles.command.WorkflowRun`."""

    section = SECTION
    typed = "make classes STAR=run.star"

    def check(self, section):
        """See `gradalign.particles.command.WorkflowRun.check`."""
        check_input(section, self.folder / self.results.parent / "boxes")
