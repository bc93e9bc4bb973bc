"""The commands that a page gives for going on, as they can be typed where the run was started."""

import shlex
from typing import NamedTuple

from gradalign.run.machine import GRADALIGN, typed_program

TYPED = "Typed in the folder where this run was started"
"""How a page says where."""


class Place(NamedTuple):
    """Where commands are typed."""

    results: str
    """Folder of the results from there."""
    program: str
    """How gradalign is called there."""

    @classmethod
    def here(cls, results):
        """Return the place of a process: its folder and its installation.

        Parameters
        ----------
        results : str or path
            Folder of the results, from the folder in which the process runs.

        Returns
        -------
        Place
        """
        return cls(str(results), typed_program())

    def commands(self, lines):
        """Return commands as lines to be typed.

        Parameters
        ----------
        lines : sequence of str
            ``@`` stands for the folder of the results, a first word `GRADALIGN` for the program.

        Returns
        -------
        str
        """
        told = []
        for line in lines:
            words = line.split(" ")
            words = [self.program if words[0] == GRADALIGN else words[0], *words[1:]]
            told.append(" ".join(shlex.quote(word.replace("@", self.results)) for word in words))
        return "\n".join(told)
