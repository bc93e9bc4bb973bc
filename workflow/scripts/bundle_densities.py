"""Compute the maps of resources/density from a directory of coordinate files.

Usage: python workflow/scripts/bundle_densities.py DIRECTORY
"""

import sys
from pathlib import Path

from gradalign.errors import InputError
from gradalign.simulation.maps import bundle_densities

OUTPUT = Path(__file__).parents[2] / "resources" / "density"

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip().splitlines()[-1])
    try:
        maps = bundle_densities(sys.argv[1], OUTPUT)
    except InputError as error:
        sys.exit(str(error))
    for density_map in maps.values():
        provenance = density_map.provenance
        residual = max(provenance["operator_residuals_nm"])
        print(f"{provenance['title']}: {provenance['point_group']}, largest residual {residual:.3f} nm")
