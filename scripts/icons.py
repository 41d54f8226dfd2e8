"""Draw the icons that an installed site shows, from the mark; run it again when the mark changes."""

from __future__ import annotations

from pathlib import Path

import resvg_py

ICONS = Path(__file__).resolve().parent.parent / "static" / "icons"
GROUND = "#17141f"
MARK = (
    '<path d="M4 32h15V20h13" fill="none" stroke="#f6f4fa" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/>'
    '<path d="M35 3.5v21.6c0 1.9 2 3 3.6 2l15-10.8c1.3-.9 1.3-2.9 0-3.9l-15-10.9c-1.6-1-3.6.1-3.6 2Z" fill="#f98a4b"/>'
)
# Size, share of the width that the mark takes (a maskable icon is cut to any shape), roundness of the corners.
DRAWN = {"192.png": (192, 0.7, 0.22), "512.png": (512, 0.7, 0.22), "maskable.png": (512, 0.54, 0.0), "touch.png": (180, 0.66, 0.0)}  # fmt: skip


def drawing(part: float, corner: float) -> str:
    """Return an icon as SVG."""
    scale = 100 * part / 54
    x, y = (100 - 54 * scale) / 2, (100 - 36 * scale) / 2
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" rx="{100 * corner:.0f}" fill="{GROUND}"/>'
        f'<g transform="translate({x:.2f} {y:.2f}) scale({scale:.3f})">{MARK}</g></svg>'
    )


def main() -> None:
    """Write every icon."""
    ICONS.mkdir(exist_ok=True)
    for name, (size, part, corner) in DRAWN.items():
        (ICONS / name).write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=drawing(part, corner), width=size, height=size)))  # fmt: skip


if __name__ == "__main__":
    main()
