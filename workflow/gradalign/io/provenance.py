"""What an object is and where its density map comes from: the JSON file beside the map."""

import json
from pathlib import Path

from gradalign.base.files import complete_file
from gradalign.errors import InputError


def write_provenance(path, about):
    """Write what an object is as JSON.

    Parameters
    ----------
    path : str or path
        The file; it appears once it is complete.
    about : dict
        At least ``object``, ``title`` and ``point_group``.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial:
        Path(partial).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_provenance(path):
    """Read what `write_provenance` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If it is no such file.
    """
    try:
        about = json.loads(Path(path).read_text(encoding="utf-8"))
        about["title"], about["point_group"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: does not say what the object is; remove it to have it made again") from error
    return about
