"""Files of another kind than the list or the volume that is needed: known by how they begin, and what to do then."""

import struct

_ITSELF = "give the volume itself"
# formats of volumes, with what makes MRC files of them
_FORMATS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "EMAN2's e2proc3d.py makes an MRC file of it"),
    (b"\x93NUMPY", "a NumPy array", "`mrcfile.write` makes an MRC file of it"),
    (b"II*\0", "a TIFF image", "IMOD's tif2mrc makes an MRC file of it"),
    (b"MM\0*", "a TIFF image", "IMOD's tif2mrc makes an MRC file of it"),
)
# what never holds a density
_OTHERS = (
    (b"\x89PNG\r\n", "a PNG image", _ITSELF),
    (b"\xff\xd8\xff", "a JPEG image", _ITSELF),
    (b"%PDF", "a PDF file", _ITSELF),
    (b"MATLAB 5.0", "a MATLAB file", "Dynamo's dwrite or mrcfile makes an EM or MRC file of it"),
    (b"\0\0\0\3", "a DM3 file", "IMOD's dm2mrc makes an MRC file of it"),
    (b"\0\0\0\4\0\0\0\0", "a DM4 file", "IMOD's dm2mrc makes an MRC file of it"),
)
_WRAPPED = (
    (b"version https://git-lfs", "a pointer of Git LFS", "`git lfs pull` fetches the file itself"),
    (b"PK\3\4", "a zip archive", "unpack it"),
    (b"\xfd7zXZ\0", "compressed by xz", "unpack it"),
    (b"(\xb5/\xfd", "compressed by zstd", "unpack it"),
)
_PACKED = ((b"\x1f\x8b", "compressed by gzip", "unpack it"), (b"BZh", "compressed by bzip2", "unpack it"))
_PAGES = (b"<!doctype html", b"<html")
_SPIDER = ("a SPIDER file", "EMAN2's e2proc3d.py makes an MRC file of it")
# numbers at the start of its header; its kinds are images, volumes and their transforms
_SPIDER_HEAD, _SPIDER_KINDS = 23, (1, 3, -11, -12, -21, -22)
_PAGE = ("a web page", "download the file itself")
KNOWN_LISTS = "lists of RELION, Dynamo (.tbl), TOM and AV3 (.em) and STOPGAP are read"
_PRINTED = bytes(range(32, 127)) + b"\t\n\r"
_MAP, _MAP_AT = b"MAP ", 208


def _matching(start, kinds):
    return next(((name, hint) for beginning, name, hint in kinds if start.startswith(beginning)), None)


def _is_spider(start):
    """Return whether a file is one of SPIDER: it has no mark, but its header tells its own length in two ways."""
    if len(start) < 4 * _SPIDER_HEAD:
        return False
    for order in "<>":
        head = struct.unpack_from(f"{order}{_SPIDER_HEAD}f", start)
        kind, columns, records, whole, record = head[4], head[11], head[12], head[21], head[22]
        if kind in _SPIDER_KINDS and columns >= 1 and record == 4 * columns and whole == records * record > 0:
            return True
    return False


def foreign_volume(start):
    """Return what a file is that is given as a volume.

    Parameters
    ----------
    start : bytes
        The first of the file.

    Returns
    -------
    (str, str), or None
        What it is and what to do, as parts of a sentence; None where nothing speaks against an MRC or EM file.
    """
    text = start.lstrip()
    if text.lower().startswith(_PAGES):
        return _PAGE
    if text.startswith((b"data_", b"# version")):
        return "a STAR file", _ITSELF
    if _is_spider(start):
        return _SPIDER
    found = _matching(start, (*_FORMATS, *_OTHERS, *_WRAPPED))
    return found or (("a text file", _ITSELF) if text and not text.translate(None, _PRINTED) else None)


def foreign_list(start):
    """Return what a file is that is given as a STAR file; see `foreign_volume`.

    Parameters
    ----------
    start : bytes

    Returns
    -------
    (str, str), or None
    """
    if start.lstrip().lower().startswith(_PAGES):
        return _PAGE
    if start[_MAP_AT : _MAP_AT + len(_MAP)] == _MAP:
        return "an MRC file", "give the list of the subtomograms"
    found = _matching(start, _FORMATS)
    return (found[0], KNOWN_LISTS) if found else _matching(start, (*_WRAPPED, *_PACKED))
