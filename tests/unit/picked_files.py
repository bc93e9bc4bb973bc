"""A small set of picked particles on disk: five unequal points in noise, their truth and RELION's STAR file."""

from pathlib import Path
from types import SimpleNamespace

import mrcfile
import numpy as np
import yaml
from five_points import POINTS, density
from scipy.spatial.transform import Rotation

from gradalign.averaging.wedge_average import save_averages
from gradalign.geometry.wedge import measured
from gradalign.particles.opening import open_particles
from gradalign.particles.rounds import align_chunk, empty_sums, finish_round

REPOSITORY = Path(__file__).parents[2]
PAPER = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
BOX, PIXEL = 24, 12.5
# the five points fit the smaller box
PLACES = POINTS * 0.9
ALIGNMENT = PAPER["alignment"]
# of tomograms against their tilt series, and their size in voxels (x, y, z)
BINNING, EDGES = 2.0, np.array([112, 68, 44])


def section(folder, **changes):
    """Return the configuration's section for the files of a folder."""
    files = {"star": str(folder / "run.star"), "reference": str(folder / "ref.mrc")}
    return PAPER["particles"] | files | changes


def write_mrc(path, volume, pixel=PIXEL, dtype=np.float32):
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(np.asarray(volume).astype(dtype))
        mrc.voxel_size = pixel


def particle(rotation, shift, wedge, rng, noise=1.0, places=PLACES):
    """Return points turned by a SciPy rotation, then shifted, with noise, seen through a wedge."""
    volume = density(BOX, rotation.apply(places) + shift).astype(float)
    volume += noise * volume.std() * rng.normal(size=volume.shape)
    axis = np.fft.fftfreq(BOX)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.fft.ifftn(np.fft.fftn(volume) * measured(np.stack([x, y, z], axis=-1), wedge)).real


def star_text(columns, pixel=PIXEL, box=BOX):
    """Return a STAR file of RELION 3.1 and later."""
    lines = ["", "# version 30001", "", "data_optics", "", "loop_", "_rlnOpticsGroup #1", "_rlnOpticsGroupName #2"]
    lines += ["_rlnVoltage #3", "_rlnSphericalAberration #4", "_rlnImagePixelSize #5", "_rlnImageSize #6"]
    lines += ["_rlnImageDimensionality #7", f"1 opticsGroup1 300.0 2.7 {pixel} {box} 3", ""]
    return "\n".join([*lines, "", "# version 30001", "", *_loop("particles", columns), ""])


def old_star_text(columns):
    """Return a STAR file of RELION 3.0 and before, one table without optics groups."""
    return "\n".join(["", *_loop("", columns), ""])


def _loop(name, columns):
    lines = [f"data_{name}", "", "loop_", *(f"_{label} #{n}" for n, label in enumerate(columns, start=1))]
    return lines + [" ".join(map(str, row)) for row in zip(*columns.values(), strict=True)]


def make_particles(folder, count=8, wedge=(-60.0, 60.0, 90.0), noise=1.0, seed=1):
    """Write a reference, particles and run.star; return the true (SciPy rotation, shift) of each.

    The truth is RELION's own: rot, tilt and psi turn the particle onto the reference, and the origins centre it.
    """
    rng = np.random.default_rng(seed)
    write_mrc(folder / "ref.mrc", density(BOX, PLACES))
    truth, angles, origins = [], [], []
    for number in range(count):
        relion = rng.uniform([-180, 5, -180], [180, 175, 180])
        rotation, shift = Rotation.from_euler("ZYZ", relion, degrees=True).inv(), rng.uniform(-1.5, 1.5, 3)
        write_mrc(folder / f"particle{number + 1}.mrc", particle(rotation, shift, wedge, rng, noise))
        truth.append((rotation, shift))
        angles.append(relion)
        origins.append(-shift * PIXEL)
    columns = {"rlnImageName": [f"particle{n + 1}.mrc" for n in range(count)], "rlnOpticsGroup": [1] * count}
    (folder / "run.star").write_text(star_text(columns), encoding="utf-8")
    return truth, np.array(angles), np.array(origins)


def run_rounds(settings, rounds=2, chunks=1, seed=5):
    """Run the rounds in this process, the particles in some chunks; return the entries and the last state."""

    folder = Path(settings["star"]).parent
    entries, state = open_particles(settings, ALIGNMENT, seed, lambda text: None)
    for number in range(rounds):
        done, files = [], []
        for chunk in np.array_split(np.arange(len(entries)), chunks):
            sums = empty_sums(state.references.shape[-1], settings["symmetry"])
            part = [entries[place] for place in chunk]
            done += sorted(align_chunk(part, state, settings, ALIGNMENT, seed, sums))
            files.append(folder / f"sums{number}_{chunk[0]}.npz")
            save_averages(files[-1], sums)
        entries = done
        state = finish_round(entries, files, state, settings)
    return entries, state


def errors(entries, truth):
    """Return angles and distances from the truth, by SciPy alone."""
    found = []
    for entry in entries:
        if not entry.failure:
            rotation, shift = truth[entry.particle - 1]
            estimate = Rotation.from_euler("ZYZ", [entry.phi_deg, entry.theta_deg, entry.psi_deg], degrees=True)
            angle = np.degrees((estimate.inv() * rotation).magnitude())
            found.append((angle, np.linalg.norm([entry.x_voxel, entry.y_voxel, entry.z_voxel] - shift)))
    return np.array(found)


def star_loop(name, columns):
    """Return one table of a STAR file."""
    return "\n".join([*_loop(name, columns), "", ""])


def places_star(path, places, **columns):
    """Write a RELION-5 list of places, given in voxels of the binned tomogram."""
    optics = {"rlnOpticsGroup": [1], "rlnTomoTiltSeriesPixelSize": [PIXEL / BINNING]}
    table = {f"rlnCoordinate{axis}": list(places[:, n] * BINNING) for n, axis in enumerate("XYZ")}
    path.write_text(star_loop("optics", optics) + star_loop("particles", columns | table), encoding="utf-8")
    return path


def make_tomograms(folder, wedge=(-60.0, 60.0, 90.0), seed=3):
    """Write a reference, two tomograms of eight particles each, and a list of places up to two voxels beside them.

    Return the files, the truth (SciPy rotation, shift), and in voxels where particles stand and where they were picked.
    """
    tomograms, rng = folder / "tomograms of {x}", np.random.default_rng(seed)
    tomograms.mkdir(parents=True)
    write_mrc(folder / "ref.mrc", density(BOX, PLACES))
    truth, stands, picks, names = [], [], [], []
    for name in ("TS_01", "TS_02"):
        volume = np.zeros(EDGES[::-1])
        for x in (16, 42, 68, 94):
            for y in (18, 48):
                centre, shift = np.array([x, y, 20]), rng.uniform(-1, 1, 3)
                rotation = Rotation.from_euler("ZYZ", rng.uniform([-180, 5, -180], [180, 175, 180]), degrees=True)
                box = tuple(slice(first, first + BOX) for first in (centre - BOX // 2)[::-1])
                volume[box] += particle(rotation, shift, wedge, rng, noise=0.5)
                truth.append((rotation, shift))
                stands.append(centre + shift)
                picks.append(centre + shift + rng.uniform(-2, 2, 3))
                names.append(name)
        write_mrc(tomograms / f"{name}.mrc", volume)
    picks = np.array(picks)
    star = places_star(folder / "picks.star", picks, rlnTomoName=names, rlnOpticsGroup=[1] * len(names))
    return SimpleNamespace(
        folder=folder, star=star, tomograms=tomograms, truth=truth, stands=np.array(stands), picks=picks, names=names
    )
