"""The notebook in docs runs from its first cell to its last and finds what it says."""

from pathlib import Path

import matplotlib
import nbformat
import numpy as np

NOTEBOOK = Path(__file__).parents[2] / "docs" / "example.ipynb"


def run():
    """Run the notebook's cells one after the other; return the names that they leave."""
    names = {}
    with matplotlib.rc_context({"backend": "agg"}):
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, str(NOTEBOOK), "exec"), names)
    return names


def test_the_notebook_is_whole_and_holds_no_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


def test_the_notebook_finds_the_pose_and_turns_the_second_volume_onto_the_first():
    names = run()
    assert names["rotation_angle"](names["found"].rotation.T @ names["R"]) < 3
    smooth = names["ndimage"].gaussian_filter
    f, g, turned = (smooth(volume, 1.5).ravel() for volume in names["views"].values())
    before, after = np.corrcoef(f, g)[0, 1], np.corrcoef(f, turned)[0, 1]
    assert before < 0.76 and after > 0.9
    assert 0 < names["result"].resolution(voxel_size=1.0) < 8
