import numpy as np
import pytest
from drawn_figures import record
from picked_files import BOX, make_particles, run_rounds, section, write_mrc


@pytest.fixture(scope="session")
def picked_run(tmp_path_factory):
    """A run of two rounds over ten picked particles of which one is NaN: folder, truth, entries, state."""
    folder = tmp_path_factory.mktemp("picked")
    truth, _, _ = make_particles(folder, 10)
    write_mrc(folder / "particle4.mrc", np.full((BOX,) * 3, np.nan, np.float32))
    entries, state = run_rounds(section(folder))
    return folder, truth, entries, state


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a function that draws a figure once for all tests of a file, as what `drawn_figures.record` returns."""
    known = {}

    def once(draw):
        if draw not in known:
            known[draw] = record(draw, tmp_path_factory.mktemp("drawn"))
        return known[draw]

    return once
