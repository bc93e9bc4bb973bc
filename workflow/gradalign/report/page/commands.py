"""The commands that a page gives for going on, as they can be typed where the run was started."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

GRADALIGN = "gradalign"
"""How commands name this program."""
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
        beside = Path(sys.executable).parent / GRADALIGN
        found = shutil.which(GRADALIGN)
        if found and beside.is_file() and os.path.samefile(found, beside) or not beside.is_file():
            return cls(str(results), GRADALIGN)
        near = os.path.relpath(beside)
        return cls(str(results), str(beside) if near.startswith(os.pardir) else near)

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
