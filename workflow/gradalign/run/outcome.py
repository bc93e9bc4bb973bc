"""What came out of a run, in the lines that stand at its end."""

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
