"""Where the coordinates of the complexes come from: a directory of files, or the Protein Data Bank.

Whatever the source, a file must be of the wanted entry and hold the expected chains and protein atoms. A
download is kept as unpacked text with its sha256 beside it, and compared with that from then on.
"""

import gzip
import hashlib
import http.client
import os
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gradalign.errors import InputError
from gradalign.simulation.complexes import Entry, find_complex

if TYPE_CHECKING:
    from gradalign.simulation.structures import Assembly

RCSB = "https://files.rcsb.org/download"
"""Where the RCSB Protein Data Bank hands out coordinate files."""

_KINDS = {".cif": "cif", ".pdb": "pdb", ".ent": "pdb"}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TIMEOUT = 60.0


@dataclass(frozen=True)
class Coordinates:
    """Checked coordinates of an entry.

    Attributes
    ----------
    entry : Entry
    file : str
        Name of the file they were read from.
    sha256 : str
        Checksum of the unpacked text of that file, the same whether the file is packed or not.
    assembly : Assembly
        As deposited, not yet posed.
    """

    entry: Entry
    file: str
    sha256: str
    assembly: "Assembly"


def find_coordinates(name, directory):
    """Find the coordinate file of a complex in a directory.

    Looked for are ``<entry>`` and ``pdb<entry>`` with ``.cif``, ``.pdb`` or ``.ent``, plain or ``.gz``, in
    any letter case; the first found in this order, the paper's entry before a stand-in.

    Parameters
    ----------
    name : str
        Name of the complex.
    directory : str or path

    Returns
    -------
    entry : Entry
    path : pathlib.Path

    Raises
    ------
    InputError
        If the directory or such a file in it is missing.
    """
    wanted = find_complex(name)
    directory = Path(directory)
    if not directory.is_dir():
        raise InputError(f"{directory}: is no directory, where structures need one with coordinate files.")
    present = {path.name.lower(): path for path in sorted(directory.iterdir(), reverse=True)}
    for entry in wanted.entries:
        stem = entry.identifier.lower()
        for suffix in _KINDS:
            for file in (f"{start}{stem}{suffix}{end}" for start in ("", "pdb") for end in ("", ".gz")):
                if file in present:
                    return entry, present[file]
    stems = " or ".join(entry.identifier.lower() for entry in wanted.entries)
    raise InputError(
        f"{directory}: holds no coordinates of {wanted.label}: looked for {stems} with .cif, .pdb or .ent, "
        "plain or .gz, in any letter case."
    )


def coordinates_from_directory(name, directory):
    """Read the coordinates of a complex from a directory of files.

    Parameters
    ----------
    name : str
        Name of the complex.
    directory : str or path

    Returns
    -------
    Coordinates

    Raises
    ------
    InputError
        If there is no such file, or it is not what the entry must be.
    """
    entry, path = find_coordinates(name, directory)
    return _checked(entry, path, _unpacked(_read(path), path))


def coordinates_from_rcsb(entry, directory, base_url=RCSB):
    """Read the coordinates of an entry, downloading them unless that was done before.

    The file ``<entry>.cif.gz`` is fetched, checked, and kept unpacked as ``<entry>.cif``, its checksum beside
    it as ``<entry>.cif.sha256`` (readable by ``sha256sum --check``). From then on the text must have it.

    Parameters
    ----------
    entry : Entry
    directory : str or path
        Where downloads are kept; made if need be.
    base_url : str
        Address above the file: ``https``, or ``http`` on this very machine.

    Returns
    -------
    Coordinates

    Raises
    ------
    InputError
        If the file cannot be had, is incomplete, is not what the entry must be, or is not the same as before.
    """
    path = Path(directory) / f"{entry.identifier.upper()}.cif"
    record = Path(f"{path}.sha256")
    kept = path.is_file()
    if kept:
        origin, text = path, _read(path)
    else:
        origin = f"{base_url}/{path.name}.gz"
        text = _unpacked(_download(origin), origin)
    expected = _read(record).decode("ascii", "replace").split()[:1] if record.is_file() else None
    if expected is not None and expected != [_sha256(text)]:
        raise InputError(
            f"{origin}: has not the sha256 that {record} recorded at the first download; "
            f"remove {path.name} and {record.name} if the new content is to be used."
        )
    coordinates = _checked(entry, origin, text)
    # the record first: a file without one would never be compared
    if expected is None:
        _write(record, f"{coordinates.sha256}  {path.name}\n".encode())
    if not kept:
        _write(path, text)
    return coordinates


def _checked(entry, origin, text):
    """Return the coordinates in `text`, whose kind the name of `origin` tells, if they are the entry's."""
    # Snakemake loads this module for its checks alone
    from gradalign.simulation.structures import read_assembly

    name = Path(str(origin)).name
    kind = _KINDS[Path(name.lower().removesuffix(".gz")).suffix]
    assembly = read_assembly(text, kind, origin, entry.identifier, entry.assembly, entry.chains)
    if assembly.chain_count != entry.chain_count:
        raise InputError(
            f"{origin}: its biological assembly {entry.assembly} has {assembly.chain_count} chains, "
            f"where {entry.identifier} has {entry.chain_count}."
        )
    if not entry.fewest_atoms <= assembly.atom_count <= entry.most_atoms:
        bounds = " to ".join(str(bound) for bound in sorted({entry.fewest_atoms, entry.most_atoms}))
        raise InputError(
            f"{origin}: has {assembly.atom_count} protein atoms in its biological assembly, "
            f"where {entry.identifier} has {bounds}: it is incomplete or another version."
        )
    return Coordinates(entry, name, _sha256(text), assembly)


def _sha256(text):
    return hashlib.sha256(text).hexdigest()


def _unpacked(data, origin):
    """Return the text of a file that may be packed by gzip."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{origin}: is a truncated or damaged gzip file ({error}).") from error


def _read(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: could not be read ({error.strerror or error}).") from error


def _write(path, data):
    partial = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"{path}: could not be written ({error.strerror or error}).") from error


def _check_address(url):
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise InputError(f"{url}: is not fetched, for downloads need an https address.")


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only where the first request could have gone."""

    def redirect_request(self, request, response, code, message, headers, url):
        _check_address(url)
        return super().redirect_request(request, response, code, message, headers, url)


def _download(url):
    _check_address(url)
    try:
        opener = urllib.request.build_opener(_CheckedRedirects)
        with opener.open(url, timeout=_TIMEOUT) as response:
            return response.read()
    except http.client.IncompleteRead as error:
        raise InputError(f"{url}: broke off after {len(error.partial)} bytes; try again.") from error
    except (OSError, http.client.HTTPException) as error:
        reason = str(error).strip("<>")
        raise InputError(
            f"{url}: could not be downloaded ({reason}); try again, or put the file into a directory "
            "and choose the structures source directory."
        ) from error
