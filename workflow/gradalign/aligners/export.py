"""The study's pairs as a benchmark set for other aligners: volumes, lists without the truth, wedges, templates."""

from pathlib import Path

import numpy as np

from gradalign.aligners.result_file import LABELS, TABLE
from gradalign.base.files import complete_file
from gradalign.geometry.wedge import measured
from gradalign.io.csv_lines import number_text
from gradalign.io.mrc import read_volume, write_volume
from gradalign.io.star import optics_text, table_text, tomogram_name

_README = """# Pairs of subtomograms to be aligned

{count} simulated pairs of the study `{name}` (seed {seed}) of gradalign: two subtomograms of the same object each, in
unknown orientations and positions, with noise and a missing wedge. To be found is, for each pair, by which rotation and
translation g lies on f. The truth is not in this folder.

| file | what |
|---|---|
| `pairs.star` | the pairs: f and g of each, its tilt range, signal-to-noise ratio and wedge |
| `particles.star` | the same subtomograms as particles of RELION, with voxel size and microscope, without angles |
| `volumes/` | the subtomograms, MRC |
| `wedges/` | which frequencies a tilt range measures, MRC: 1 measured, 0 missing; zero frequency at voxel {middle} |
| `templates/` | each object as a perfect average would show it, for programs that want a reference or a mask |

A pair is named by `rlnTomoName` and `gradalignPair`. Paths are relative to this folder.

## Convention

Volumes are cubes of {box} voxels of {voxel_size:g} nm, `[z, y, x]` as MRC has them, density bright; the centre is
voxel {box}//2 = {middle}, counted from 0. The beam is along z, the tilt axis is y: a tilt range ±θ measures the
frequencies with |kz| ≤ |kx| tan θ. ±90° leaves nothing out and has no file (`None`).

Wanted is (R, a) with f(x) ≈ g(R⁻¹(x − a)), x = (x, y, z) from the centre: g rotated by R, then moved by a.

## The file of results

A STAR file with one table `data_{table}`, a row for each pair that was aligned, in any order:

```
data_{table}

loop_
{labels}
{example} 0 12.5 74.0 -101.25 4.2 -11.0 0.7
```

Angles and origins are RELION's for f as the particle and g as the reference: with R = Rz(φ) Ry(θ) Rz(ψ),
rot = 180° − ψ, tilt = θ, psi = 180° − φ (so that R⁻¹ = Rz(rot) Ry(tilt) Rz(psi)), and the origins are −a in angstrom.
Further columns are not read. In the configuration of the same study (same seed, pairs and conditions)

```yaml
aligners:
  mine: {{star: results.star}}
```

puts its errors into the study's tables. Pairs that the file leaves out count as missing.
"""


def image_name(condition, pair, member):
    """Return where a subtomogram lies in the exported set.

    Parameters
    ----------
    condition : gradalign.aligners.declared.Condition
    pair : int
    member : str
        ``"f"`` or ``"g"``.

    Returns
    -------
    str
    """
    folder = f"{condition.object}/tilt~{number_text(condition.tilt)}/snr~{number_text(condition.snr)}"
    return f"volumes/{folder}/pair{pair:04d}_{member}.mrc"


def export_volumes(folder, data_set, condition, pairs):
    """Write the subtomograms of one condition, one after the other.

    Parameters
    ----------
    folder : str or path
        Their own, which must be there.
    data_set : gradalign.simulation.dataset.DataSet
    condition : gradalign.aligners.declared.Condition
    pairs : int

    Yields
    ------
    pathlib.Path
        Each file once it is written.
    """
    for pair in range(pairs):
        for place, member in enumerate("fg"):
            path = Path(folder) / Path(image_name(condition, pair, member)).name
            write_volume(path, data_set.subtomogram(2 * pair + place)[0], data_set.voxel_size)
            yield path


def wedge_name(tilt):
    """Return where the wedge of a tilt range lies in the exported set.

    Parameters
    ----------
    tilt : float
        Half range in degrees.

    Returns
    -------
    str
        ``"None"``, RELION's word for no file, if nothing is missing.
    """
    return f"wedges/tilt~{number_text(tilt)}.mrc" if tilt < 90 else "None"


def wedge_volume(box, tilt):
    """Return which frequencies a tilt range measures.

    Parameters
    ----------
    box : int
        Edge in voxels.
    tilt : float
        Half range in degrees.

    Returns
    -------
    numpy.ndarray of shape (box, box, box), float32
        [kz, ky, kx], zero frequency at voxel box // 2: 1 measured, 0 missing.
    """
    axis = np.arange(box) - box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return measured(np.stack([x, y, z], axis=-1), tilt).astype(np.float32)


def _columns(conditions, pairs, members):
    """Return the columns that say where the subtomograms come from, as lists of str."""
    each = [(condition, pair, member) for condition in conditions for pair in range(pairs) for member in members]
    return each, {
        "rlnTomoName": [tomogram_name(*condition) for condition, _, _ in each],
        "gradalignObject": [condition.object for condition, _, _ in each],
        "gradalignPair": [str(pair) for _, pair, _ in each],
        "gradalignTiltMin": [number_text(-condition.tilt) for condition, _, _ in each],
        "gradalignTiltMax": [number_text(condition.tilt) for condition, _, _ in each],
        "gradalignSnr": [number_text(condition.snr) for condition, _, _ in each],
        "gradalignWedge": [wedge_name(condition.tilt) for condition, _, _ in each],
    }


def write_lists(folder, conditions, config):
    """Write the list of the pairs, that of the subtomograms, the wedges and a README.

    Parameters
    ----------
    folder : str or path
    conditions : list of gradalign.aligners.declared.Condition
    config : dict
        The study's ``name``, ``seed``, ``pairs``, ``subtomograms`` and ``microscope``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    folder, pairs, boxes = Path(folder), config["pairs"], config["subtomograms"]
    each, columns = _columns(conditions, pairs, "f")
    images = {
        label: [image_name(condition, pair, member) for condition, pair, _ in each]
        for label, member in (("gradalignFixed", "f"), ("gradalignMoving", "g"))
    }
    _write(folder / "pairs.star", table_text("pairs", columns | images))

    each, columns = _columns(conditions, pairs, "fg")
    images = [image_name(*one) for one in each]
    microscope = config["microscope"]
    optics = (boxes["voxel_size"], boxes["box"], microscope["voltage"], microscope["spherical_aberration"])
    columns = {"rlnImageName": images, "rlnOpticsGroup": ["1"] * len(images)} | columns
    columns["gradalignMember"] = [member for _, _, member in each]
    _write(folder / "particles.star", optics_text(*optics) + table_text("particles", columns))

    for tilt in {condition.tilt for condition in conditions if condition.tilt < 90}:
        write_volume(folder / wedge_name(tilt), wedge_volume(boxes["box"], tilt), boxes["voxel_size"])
    _write(
        folder / "README.md",
        _README.format(
            count=pairs * len(conditions),
            name=config["name"],
            seed=config["seed"],
            box=boxes["box"],
            middle=boxes["box"] // 2,
            voxel_size=boxes["voxel_size"],
            table=TABLE,
            labels="\n".join(f"_{label}" for label in LABELS),
            example=tomogram_name(*conditions[0]),
        ),
    )


def _write(path, text):
    with complete_file(path) as partial:
        Path(partial).write_text(text, encoding="utf-8")


def copy_template(source, target):
    """Copy an object's template into the set.

    Parameters
    ----------
    source, target : str or path

    Raises
    ------
    InputError
        If it cannot be read or written.
    """
    write_volume(target, *read_volume(source))
