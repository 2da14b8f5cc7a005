"""A plot as SVG, both axes by powers of ten: a line for each command."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 40, 50
COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8e5ea2", "#c98a00", "#555555", "#00a0a0")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4", "1 4")
"""Lines differ by their dashes too, for those who do not see the colours."""


def plot(growth: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Draw seconds over numbers of cases."""
    cases = [count for points in growth.values() for count, _ in points]
    seconds = [taken for points in growth.values() for _, taken in points]
    across = floor(log10(min(cases))), ceil(log10(max(cases)))
    up = floor(log10(min(seconds))), ceil(log10(max(seconds)))

    def x(count: float) -> float:
        return LEFT + (log10(count) - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - RIGHT)

    def y(taken: float) -> float:
        return HEIGHT - BOTTOM - (log10(taken) - up[0]) / (up[1] - up[0]) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">Seconds on the processors, whole command, by number of cases</text>',
    ]
    for power in range(across[0], across[1] + 1):
        at = x(10**power)
        parts.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#dddddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in range(up[0], up[1] + 1):
        at = y(10.0**power)
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for points, colour, dash in zip(growth.values(), COLOURS, DASHES, strict=False):
        line = " ".join(f"{x(count):.1f},{y(taken):.1f}" for count, taken in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{x(count):.1f}" cy="{y(taken):.1f}" r="3" fill="{colour}"/>' for count, taken in points]
    last = 0.0
    for at, name, colour in sorted(
        (y(points[-1][1]), name, colour) for (name, points), colour in zip(growth.items(), COLOURS, strict=False)
    ):
        last = max(at, last + 16)  # names stand below each other, whatever lines end close together
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{last + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
