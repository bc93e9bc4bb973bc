"""A user's list with its files found, and what of them is remembered, so that a change is noticed."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from gradalign.base.files import no_file
from gradalign.errors import InputError
from gradalign.particles.places import Finder, Place, check_single, is_file
from gradalign.particles.star import Picked, read_picked
from gradalign.particles.star_columns import CTF_IMAGE, TILTS

MASK_WORDS = ("sphere", "none")
"""What ``particles.mask`` may say in place of a file."""


@dataclass(frozen=True)
class Listing:
    """A list with its files, n particles."""

    picked: Picked
    images: list[Place]
    """Where each subtomogram is, (n,)."""
    ctf_images: list[Place] | None
    """Where each CTF volume is; None where they are not needed."""

    def __len__(self):
        return len(self.images)


def wedge_source(picked, section):
    """Return where the tilt ranges come from.

    Parameters
    ----------
    picked : Picked
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    str
        ``"ctf"``, ``"columns"`` or ``"range"``.
    """
    if section["wedge"] != "auto":
        return section["wedge"]
    return "ctf" if picked.ctf_images else "columns" if picked.tilts is not None else "range"


def wedge_sentence(picked, section, name):
    """Return where the tilt ranges come from, so that none is taken in silence.

    Parameters
    ----------
    picked : Picked
    section : dict
        Of the configuration, with ``wedge``, ``tilt`` and ``tilt_axis``.
    name : str
        Of the section.

    Returns
    -------
    str
    """
    source = wedge_source(picked, section)
    if source == "range":
        low, high = section["tilt"]
        return f"Tilt range: {low:g}° to {high:g}° about {section['tilt_axis']}, by {name}.tilt and tilt_axis."
    told = f"the CTF volumes (_{CTF_IMAGE})" if source == "ctf" else f"the list (_{TILTS[0]} and _{TILTS[1]})"
    return f"Tilt ranges: those of {told}; {name}.tilt and tilt_axis are not used (wedge: range would use them)."


def check_files(section):
    """Read the list, find its files, and check what can be checked without reading a volume.

    Parameters
    ----------
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    Listing

    Raises
    ------
    InputError
        If a file is missing or listed twice, or the STAR file is damaged or lacks what the section asks for.
    """
    check_maps(section)
    picked = read_picked(section["star"], section["class_number"], section["subtomograms"])
    check_choices(picked, section)
    return find_files(picked, section)


def check_maps(section):
    """Say so if the reference or the mask is missing.

    Parameters
    ----------
    section : dict
        ``particles`` of the configuration.

    Raises
    ------
    InputError
    """
    for key in ("reference", "mask"):
        if section[key] not in MASK_WORDS and not is_file(section[key]):
            raise no_file(section[key], "an MRC file", f"particles.{key}")


def check_choices(picked, section):
    """Say so if a list lacks what the choices need.

    Parameters
    ----------
    picked : Picked
    section : dict
        ``particles`` of the configuration.

    Raises
    ------
    InputError
    """
    if section["search"] == "local" and picked.angles is None:
        raise InputError(f"{picked.path}: has no angles (_rlnAngleRot), which particles.search: local starts from")
    if section["search"] == "axis" and picked.priors is None:
        raise InputError(
            f"{picked.path}: has no _rlnAngleTiltPrior and _rlnAnglePsiPrior, which particles.search: axis needs"
        )
    check_wedges(picked, section, "particles")


def check_wedges(picked, section, name):
    """Say so if a list does not tell the tilt ranges that are to come from it.

    Parameters
    ----------
    picked : Picked
    section : dict
        Of the configuration, with ``wedge``.
    name : str
        Of the section.

    Raises
    ------
    InputError
    """
    if section["wedge"] == "ctf" and picked.ctf_images is None:
        raise InputError(f"{picked.path}: has no column _rlnCtfImage with values, which {name}.wedge: ctf needs")
    if section["wedge"] == "columns" and picked.tilts is None:
        raise InputError(f"{picked.path}: has no column _gradalignTiltMin, which {name}.wedge: columns needs")


def find_files(picked, section):
    """Find the files of a list.

    Parameters
    ----------
    picked : Picked
    section : dict
        Of the configuration, with ``wedge``.

    Returns
    -------
    Listing

    Raises
    ------
    InputError
        If a file is missing or listed twice.
    """
    finder = Finder(picked.path)
    images = [finder.place(image) for image in picked.images]
    check_single(images, picked.path)
    ctf_images = None
    if wedge_source(picked, section) == "ctf":
        ctf_images = [finder.place(image, CTF_IMAGE) for image in picked.ctf_images]
    return Listing(picked, images, ctf_images)


def digest(listing, section):
    """Return a text that is another one once the list or any of its volumes has changed.

    Parameters
    ----------
    listing : Listing
    section : dict
        ``particles`` or ``classes`` of the configuration.

    Returns
    -------
    str
        Of what the list says, and of the size and date of each volume, and of the reference and the mask, if any.
    """
    files = [where.file for where in (*listing.images, *(listing.ctf_images or ()))]
    return file_digest([listing.picked.path, listing.picked.set_path], [*files, *map_files(section)])


def map_files(section):
    """Return the reference and the mask, as far as they are files.

    Parameters
    ----------
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    list of str
    """
    return [section[key] for key in ("reference", "mask") if section.get(key, MASK_WORDS[0]) not in MASK_WORDS]


def file_digest(lists, files, words=()):
    """Return a text that is another one once the content of a list, or size or date of a file has changed.

    Parameters
    ----------
    lists : iterable of str or path or None
        Of which the content counts.
    files : iterable of str or path
        Of which size and date count.
    words : iterable of str
        What else counts.

    Returns
    -------
    str
    """
    found = hashlib.sha256()
    for path in lists:
        found.update(Path(path).read_bytes() if path else b"")
    for file in dict.fromkeys(files):
        status = os.stat(file)
        found.update(f"{Path(file).name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    for word in words:
        found.update(f"{word}\0".encode())
    return found.hexdigest()[:16]


def check_owner(record, star):
    """Say so if results that are named after a list are those of another list of the same name.

    Parameters
    ----------
    record : str or path
        The configuration that lies with the results, if there are any.
    star : str or path
        The list.

    Raises
    ------
    InputError
    """
    # the aligner alone is installed without it
    import yaml

    if not is_file(record):
        return
    try:
        known = yaml.safe_load(Path(record).read_text(encoding="utf-8"))
        owner = known["particles"]["star"] or known["classes"]["star"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        # nothing that could be asked; the results tell their list
        return
    if owner and os.path.abspath(owner) != os.path.abspath(star):
        raise InputError(
            f"{Path(record).parent}: holds the results of {owner}; give those of {star} a name of their own (NAME=... "
            "with make, or name: in a configuration file), or remove that folder"
        )
