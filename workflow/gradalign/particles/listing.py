"""A user's list with its files found, and what of them is remembered, so that a change is noticed."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from gradalign.errors import InputError
from gradalign.particles.places import Place, check_single, is_file, place
from gradalign.particles.star import CTF_IMAGE, Picked, read_picked

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
    for key in ("reference", "mask"):
        if section[key] not in MASK_WORDS and not is_file(section[key]):
            raise InputError(f"particles.{key}: there is no file {section[key]}, where an MRC file is needed")
    picked = read_picked(section["star"], section["class_number"])
    if section["search"] == "local" and picked.angles is None:
        raise InputError(f"{picked.path}: has no angles (_rlnAngleRot), which particles.search: local starts from")
    if section["search"] == "axis" and picked.priors is None:
        raise InputError(
            f"{picked.path}: has no _rlnAngleTiltPrior and _rlnAnglePsiPrior, which particles.search: axis needs"
        )
    if section["wedge"] == "ctf" and picked.ctf_images is None:
        raise InputError(f"{picked.path}: has no column _rlnCtfImage with values, which particles.wedge: ctf needs")
    if section["wedge"] == "columns" and picked.tilts is None:
        raise InputError(f"{picked.path}: has no column _gradalignTiltMin, which particles.wedge: columns needs")
    return find_files(picked, section)


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
    images = [place(image, picked.path) for image in picked.images]
    check_single(images, picked.path)
    ctf_images = None
    if wedge_source(picked, section) == "ctf":
        ctf_images = [place(image, picked.path, CTF_IMAGE) for image in picked.ctf_images]
    return Listing(picked, images, ctf_images)


def digest(listing, section):
    """Return a text that is another one once the list or any of its volumes has changed.

    Parameters
    ----------
    listing : Listing
    section : dict
        ``particles`` of the configuration.

    Returns
    -------
    str
        Of what the list says, and of the size and date of each volume, the reference and the mask.
    """
    found = hashlib.sha256()
    for path in (listing.picked.path, listing.picked.set_path):
        found.update(Path(path).read_bytes() if path else b"")
    files = [where.file for where in (*listing.images, *(listing.ctf_images or ()))]
    files += [section[key] for key in ("reference", "mask") if section[key] not in MASK_WORDS]
    for file in dict.fromkeys(files):
        status = os.stat(file)
        found.update(f"{Path(file).name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
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
        owner = yaml.safe_load(Path(record).read_text(encoding="utf-8"))["particles"]["star"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        # nothing that could be asked; the results tell their list
        return
    if owner and os.path.abspath(owner) != os.path.abspath(star):
        raise InputError(
            f"{Path(record).parent}: holds the results of {owner}; give those of {star} a name of their own (make "
            "particles NAME=..., or name: in a configuration file), or remove that folder"
        )
