"""Make the gallery of gates and scales from a simulated tube.

Run from the repository: ``.venv/bin/python docs/images/make_gallery.py``. It executes
the cells of ``notebooks/02_gates_and_scales.ipynb`` and keeps their two pictures, one
above the other, as ``gallery.png``.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.image import imsave

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = Path(__file__).parent
NOTEBOOK = HERE.parents[1] / "notebooks" / "02_gates_and_scales.ipynb"


def main() -> None:
    """Run the notebook's code in an empty folder and save its pictures."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for source in code:
            exec(source, names)
    pictures = [_pixels(names[name]) for name in ("gate_pictures", "scale_pictures")]
    width = max(picture.shape[1] for picture in pictures)
    rows = [
        np.pad(
            picture,
            ((0, 0), (0, width - picture.shape[1]), (0, 0)),
            constant_values=255,
        )
        for picture in pictures
    ]
    imsave(HERE / "gallery.png", np.vstack(rows))


def _pixels(figure: Figure) -> np.ndarray:
    figure.set_dpi(110)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
