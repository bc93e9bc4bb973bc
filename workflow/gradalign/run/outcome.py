"""What came out of a run: in the lines that stand at its end, and in numbers for other programs."""

import csv
import math
from pathlib import Path

SUMMARY, PAGE = "summary.txt", "report.html"
# how the sentence with the result starts, where it is not the first
_RESULTS = ("Resolution", "The half maps")
_BESIDE = {
    "particles": "aligned.star, average.mrc, the half maps, scores.csv",
    "classes": "classified.star, maps, a list for each class",
}


def outcome(results, folder=".", cut=""):
    """Return in lines what came out, and where it is.

    Parameters
    ----------
    results : str or path
        Folder of the results, which names them.
    folder : str or path
        Where the run was started.
    cut : str
        A sentence about the boxes that were cut first, if any were.

    Returns
    -------
    list of str
        Empty if there are no results.
    """
    results = Path(results)
    try:
        said = (Path(folder) / results / SUMMARY).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    beside = _BESIDE.get(results.name, "tables, figures, maps and all numbers")
    result = next((line for line in said if line.startswith(_RESULTS)), said[0] if said else "")
    return [f"{results}/{PAGE} shows what came out; beside it lie {beside}.", *([cut] if cut else []), result]


def _rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _angstrom(text):
    # without the digits of the multiplication
    value = round(10.0 * float(text or "nan"), 6)
    return None if math.isnan(value) else value


def outcome_numbers(results, folder="."):
    """Return what came out of a run on a user's subtomograms as numbers, lengths in Å.

    Parameters
    ----------
    results : str or path
        Folder of the results, called ``particles`` or ``classes``.
    folder : str or path
        Where the run was started.

    Returns
    -------
    dict
        ``results`` (the folder), ``page``, ``star`` and ``result`` (the sentence); of particles their number, how many
        were left out, ``rounds`` and the resolution; of classes number and resolution of each. A resolution is None
        where the half maps agree nowhere.
    """
    results, here = Path(results), Path(folder) / results
    star = {"particles": "aligned.star", "classes": "classified.star"}[results.name]
    told = {"results": str(results), "page": str(results / PAGE), "star": str(results / star)}
    told["result"] = outcome(results, folder)[-1]
    if results.name == "classes":
        classes = [
            {
                "class": int(row["class"]),
                "particles": int(row["particles"]),
                "resolution_angstrom": _angstrom(row["resolution_nm"]),
            }
            for row in _rows(here / "classes.csv")
        ]
        return told | {"classes": classes}
    rounds = _rows(here / "rounds.csv")
    last = {"particles": int(rounds[-1]["particles"]), "left_out": int(rounds[-1]["left_out"]), "rounds": len(rounds)}
    return told | last | {"resolution_angstrom": _angstrom(rounds[-1]["resolution_nm"])}
