"""Options that several sub-commands share, and how results are printed."""

import json

import click

from gradalign.errors import InputError

FILE = click.Path()
"""That it is there, and no folder, is told by what reads it."""

tilt_option = click.option(
    "--tilt",
    nargs=2,
    type=float,
    default=(-60.0, 60.0),
    show_default=True,
    metavar="MIN MAX",
    help="Tilt range, degrees.",
)
axis_option = click.option(
    "--tilt-axis",
    type=float,
    default=90.0,
    show_default=True,
    metavar="ANGLE",
    help="Tilt axis, degrees from x towards y; 90 is y.",
)
seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed gives the same answer."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of sentences.")


def say(as_json, result, sentences):
    """Print a result.

    Parameters
    ----------
    as_json : bool
    result : dict
        What JSON prints; NaN and infinity become null.
    sentences : sequence of str
    """
    if as_json:
        click.echo(json.dumps(_plain(result), ensure_ascii=False))
    else:
        for sentence in sentences:
            click.echo(sentence)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        # JSON knows neither NaN nor infinity
        return value if abs(value) < float("inf") else None
    return value


def same_voxel_size(first, second):
    """Return the voxel size of two maps.

    Parameters
    ----------
    first, second : (str, float)
        File and voxel size in nm.

    Returns
    -------
    float
        In nm.

    Raises
    ------
    InputError
        If they differ by more than one part in a hundred.
    """
    if abs(first[1] - second[1]) > 0.01 * first[1]:
        raise InputError(
            f"{second[0]}: has voxels of {10 * second[1]:g} Å, where those of {first[0]} are of {10 * first[1]:g} Å"
        )
    return first[1]
