"""``gradalign compare``: two lists of the same particles held against each other."""

from collections import Counter

import click
import numpy as np

from gradalign.cli.options import FILE, json_option, say
from gradalign.errors import InputError
from gradalign.io.star import from_relion
from gradalign.particles.star_columns import CLASS
from gradalign.study.columns.classification import OBJECT_COLUMN

LOST_DEG = 20.0
"""Rotation errors above this count as lost."""
_EXAMPLES = """\b
Examples:
  gradalign compare aligned.star truth.star
  gradalign compare aligned.star truth.star --symmetry D7 --json
  gradalign compare classified.star truth.star"""
# by how many particles a common rotation is sought
_TRIED = 100


@click.command(epilog=_EXAMPLES, short_help="Compare the poses of two STAR files.")
@click.argument("aligned", type=FILE)
@click.argument("truth", type=FILE)
@click.option("--symmetry", default="C1", show_default=True, help="Point group of the particle, Cn or Dn.")
@json_option
def compare(aligned, truth, symmetry, as_json):
    """Compare the angles and origins of ALIGNED with those of TRUTH, particle by particle.

    Both are STAR files of the same subtomograms, known by their files, or by their names (rlnImageName) where these are
    not there. The rotation error is that to the nearest equivalent orientation; the translation error belongs to the
    same one. Where ALIGNED has classes (rlnClassNumber) and TRUTH objects (gradalignObject), the objects in each class
    are counted; each of several classes has an orientation of its own, so that their poses are not compared.
    """
    from gradalign.geometry.rotations import point_group
    from gradalign.particles.star import read_picked

    lists = [read_picked(path) for path in (aligned, truth)]
    for picked in lists:
        if picked.angles is None:
            raise InputError(f"{picked.path}: has no angles (_rlnAngleRot), where two alignments are compared")
        if picked.pixel_size is None:
            raise InputError(f"{picked.path}: tells no pixel size (_rlnImagePixelSize), which the origins need")
    pairs, group = _matched(*lists), point_group(symmetry)
    result = {
        "particles": len(pairs),
        "only_in_aligned": len(lists[0]) - len(pairs),
        "only_in_truth": len(lists[1]) - len(pairs),
    }
    sentences = [
        f"{len(pairs)} particles in both; only in {aligned}: {result['only_in_aligned']}, "
        f"only in {truth}: {result['only_in_truth']}"
    ]
    classes = _objects_of_classes(lists, pairs)
    if classes:
        result["classes"] = classes
        for label, objects in classes.items():
            counted = ", ".join(f"{count} {name}" for name, count in objects.items())
            sentences.append(f"{f'Class {label}' if label else 'No class'}  {counted}")
    if len(classes) > 1:
        sentences.append("Poses are not compared: each class has an orientation of its own.")
    else:
        told, more = _pose_errors(lists, pairs, group)
        result |= told
        sentences += more
    say(as_json, result, sentences)


def _objects_of_classes(lists, pairs):
    """Return how many particles of each object each class has; empty where the lists do not tell both."""
    columns = [
        picked.tables[picked.name].get(label) for picked, label in zip(lists, (CLASS, OBJECT_COLUMN), strict=True)
    ]
    if None in columns:
        return {}
    found = Counter((int(float(columns[0][lists[0].rows[i]])), columns[1][lists[1].rows[j]]) for i, j in pairs)
    return {
        label: {name: count for (other, name), count in found.most_common() if other == label}
        for label in sorted({label for label, _ in found})
    }


def _pose_errors(lists, pairs, group):
    """Return the errors of the poses, as numbers and in sentences."""
    poses = []
    for picked, rows in zip(lists, zip(*pairs, strict=True), strict=True):
        voxel_size = picked.pixel_size / 10.0
        rows = list(rows)
        rotations = from_relion(picked.angles[rows], np.zeros((len(rows), 3)), voxel_size)[0]
        # in Å: the two lists may be of different binning
        poses.append((rotations, picked.translations(voxel_size)[rows] * picked.pixel_size))
    (rotations, shifts), (true_rotations, true_shifts) = poses
    angles = _angles(rotations, true_rotations, group)
    errors = np.column_stack([angles, np.linalg.norm(shifts - true_shifts, axis=1)])
    medians = np.median(errors, axis=0)
    deviations = np.median(np.abs(errors - medians), axis=0)
    lost = float((angles > LOST_DEG).mean())
    result = {
        "rotation_median_deg": medians[0],
        "rotation_mad_deg": deviations[0],
        "translation_median_angstrom": medians[1],
        "translation_mad_angstrom": deviations[1],
        "over_20_deg": lost,
    }
    sentences = [
        f"Rotation error     {medians[0]:.2f} ± {deviations[0]:.2f}° (median ± median absolute deviation)",
        f"Translation error  {medians[1]:.2f} ± {deviations[1]:.2f} Å",
        f"Over {LOST_DEG:g}°           {100 * lost:.1f} %",
    ]
    share = _common_rotation(rotations, true_rotations, group) if lost > 0.5 else 0.0
    if share > 0.5:
        sentences.append(
            f"One rotation explains {100 * share:.0f} % of these errors: the references of the two lists differ in "
            "their orientation."
        )
    return result, sentences


def _angles(rotations, true_rotations, group):
    """Return the angle between each rotation and the nearest equivalent of the true one, in degrees."""
    # of the relative rotation's trace with each element of the group
    traces = np.einsum("ipq,gqp->ig", np.swapaxes(rotations, 1, 2) @ true_rotations, group)
    return np.degrees(np.arccos(np.clip((traces.max(axis=1) - 1) / 2, -1, 1)))


def _common_rotation(rotations, true_rotations, group):
    """Return the largest part of the rotations that one and the same rotation of the reference explains."""
    tried = np.swapaxes(true_rotations[:_TRIED], 1, 2) @ rotations[:_TRIED]
    return max(float((_angles(rotations @ common.T, true_rotations, group) <= LOST_DEG).mean()) for common in tried)


def _matched(first, second):
    """Return the rows of the particles that stand in both lists, by whatever names.

    A name alone tells a particle where one of the lists lies without its subtomograms.
    """
    lists = [(picked, _identities(picked)) for picked in (first, second)]
    known = [{known: row for row, known in enumerate(found) if known} for _, found in lists]
    named = {name: row for row, name in enumerate(second.images)}
    pairs = []
    for row, (name, identity) in enumerate(zip(first.images, lists[0][1], strict=True)):
        other = known[1].get(identity) if identity else None
        if other is None and name in named:
            other = named[name]
            beyond = lists[1][1][other]
            if identity and beyond:
                raise InputError(
                    f"{first.path} and {second.path}: both name {name}, but the one {identity[0]} and the other "
                    f"{beyond[0]}, two different files; compare lists of the same subtomograms"
                )
        if other is not None:
            pairs.append((row, other))
    if not pairs:
        raise InputError(
            f"{first.path} and {second.path}: have no subtomogram in common; the first ones are {first.images[0]} and "
            f"{second.images[0]}"
        )
    return pairs


def _identities(picked):
    """Return which volume each row of a list means, None where it is not there; each may stand once."""
    from gradalign.particles.places import Finder

    finder, rows = Finder(picked.path), {}
    found = list(map(finder.identity, picked.images))
    for row, (name, identity) in enumerate(zip(picked.images, found, strict=True)):
        before = rows.setdefault(identity or name, row)
        if before != row:
            raise InputError(
                f"{picked.path}: lists one subtomogram as {picked.images[before]} in row {picked.rows[before] + 1} and "
                f"as {name} in row {picked.rows[row] + 1}, where each may stand once"
            )
    return found
