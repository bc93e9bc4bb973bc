"""Where the workflow and the bundled maps lie: in the checkout, or where the installation put them."""

import sysconfig
from pathlib import Path

from gradalign.errors import InputError


def shipped_folder():
    """Return the folder with the Snakefile, config.yaml, ``workflow`` and ``resources``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If the installation is not whole.
    """
    # the checkout that an editable installation points to comes first
    folders = [Path(__file__).parents[3], Path(sysconfig.get_path("data")) / "share" / "gradalign"]
    for folder in folders:
        if (folder / "workflow" / "Snakefile").is_file():
            return folder
    raise InputError(f"gradalign is not installed completely: there is no workflow in {folders[-1]}; install it again")
