"""Motifs of sea, sky and weather: waves, ship, lighthouse, planet, fireworks, rain on a window."""

from __future__ import annotations

import itertools
import math

from webapp.art.canvas import at, cumulus, dots, land, n, ray, rolling, rough
from webapp.art.colour import mix
from webapp.art.stage import Stage


def waves(st: Stage) -> None:
    """Paint a great wave about to break over smaller ones."""
    c, r, p = st.c, st.r, st.p
    foam = mix(p.light, "#ffffff", 0.35)
    far = mix(p.low, p.far, 0.5)
    c.rect(0, st.hy - 4, st.w, st.h, c.linear((0, far), (1, st.layer(0.5))))
    crest = ""
    for swell in range(int(st.w / 50) + 2):
        right = 50 * swell
        crest += f"Q{at(right - 14, st.hy + 14)} {at(right, st.hy - 6 - 8 * (swell % 2))}Q{at(right + 8, st.hy + 10)} {at(right + 25, st.hy + 12)}"
    c.path(f"M-20 {st.hy + 10:.0f}{crest}V{st.h:.0f}H-20z", st.fade(0.3, 0.5))
    k = st.s / 108
    lean, wide, tall = r.u(-14, 9), r.u(0.88, 1.2), r.u(0.86, 1.16)
    c.open(
        transform=f"translate({n(st.fx + st.side * st.s * r.u(-0.2, 0.12))} {n(st.fy + st.s * 0.2)}) scale({st.side * k * wide:.2f} {k * tall:.2f}) skewX({n(lean)})"
    )
    body = "M-330 140C-230 128-160 92-112 20-78-34-34-98 40-104 92-107 124-72 122-36 112-52 96-62 78-56 44-46 26-8 44 36 66 84 130 118 330 122V420H-330z"
    c.path(body, c.linear((0, st.layer(0.5)), (0.45, st.layer(0.75)), (1, st.layer(1.0))))
    ribs = "M-250 160C-150 130-90 60-52-6-30-44-2-72 30-80M-190 180C-100 140-50 70-22 10-8-22 8-46 36-60M-120 190C-60 150-20 90 2 36 8 14 18-14 44-36M-60 200C-10 160 8 120 24 74"
    c.line(ribs, st.lit(st.layer(0.55), 0.35), 5, opacity=0.55)
    edge = [
        (-92, -12),
        (-66, -48),
        (-34, -82),
        (2, -102),
        (42, -108),
        (80, -100),
        (108, -78),
        (122, -48),
        (118, -26),
        (104, -34),
        (92, -48),
        (76, -50),
        (58, -44),
        (46, -30),
    ]
    claws = "M-96-6"
    for (ax, ay), (bx, by) in itertools.pairwise(edge):
        for half in (0.5, 1.0):
            dx, dy = (bx - ax) * half if half < 1 else (bx - ax) * 0.5, (by - ay) * 0.5
            q = math.hypot(dx, dy) * r.u(0.5, 0.72)
            claws += f"a{n(q)} {n(q)} 0 0 1 {n(dx)} {n(dy)}"
    claws += "C52-46 66-66 78-74 60-88 20-88-8-66-40-42-66-12-96-6z"
    c.path(claws, foam)
    c.line(dots(r, 16, 60, -128, 170, 20), foam, 4.5, opacity=0.9)
    c.line(dots(r, 22, 20, -150, 190, 60), foam, 2.2, opacity=0.75)
    c.close()
    for j, depth in enumerate((0.78, 1.0)):
        y = st.hy + st.h * (0.115 + 0.09 * j)
        x, step, d = -30.0 - 30 * j, 118.0 + 30 * j, ""
        while x < st.w + 40:
            d += f"c{n(step * 0.35)} 2 {n(step * 0.52)} {n(-st.h * 0.035)} {n(step * 0.62)} {n(-st.h * 0.055)}c0 {n(st.h * 0.03)} {n(step * 0.16)} {n(st.h * 0.05)} {n(step * 0.38)} {n(st.h * 0.055)}"
            x += step
        top = f"M{-30 - 30 * j} {y:.0f}{d}"
        c.path(f"{top}V{st.h:.0f}H-60z", st.fade(depth, 0.3))
        if j == 0:
            c.line(top, foam, 2.4, opacity=0.75)


def ship(st: Stage) -> None:
    """Paint a sailing ship before the light, gulls and a broken reflection."""
    c, r, p = st.c, st.r, st.p
    c.path(
        cumulus(r, st.fx - st.side * st.w * 0.28, st.hy, st.w * 0.6, st.h * 0.13),
        mix(st.lit(st.layer(0.02), 0.5), st.haze(), 0.4),
    )
    c.path(land(rough(r, st.w, st.hy - 3, st.h * 0.05, 4), st.hy + 2), st.layer(0.12))
    st.sea(st.hy)
    k = st.s / 112
    y = st.hy + st.h * 0.045
    c.open(transform=f"translate({n(st.fx)} {n(y)}) scale({st.side * k:.2f} {k:.2f})")
    sail = mix(p.light, p.accent, 0.12) if not p.pale else "#ffffff"
    cloth = c.linear((0, sail), (0.55, mix(sail, p.accent, 0.45)), (1, mix(sail, p.near, 0.55)), x1=1, x2=0, y2=0.25)
    c.line("M-34-6V-176M16-6V-204M58-8V-158M-92-30L-34-176 16-204 58-158 104-34", st.layer(0.95), 2.2)
    c.path(
        "M-52-92Q-26-108-8-92-16-62-10-40-32-30-56-40-46-66-52-92zM-48-156Q-28-168-14-156-20-132-14-104-30-112-50-104-44-130-48-156z",
        cloth,
    )
    c.path(
        "M-10-112Q18-130 44-112 34-76 42-44 14-32-14-44-2-78-10-112zM-4-182Q18-196 38-182 30-150 40-122 16-134-10-122 0-152-4-182z",
        cloth,
    )
    c.path(
        "M44-96Q62-108 80-96 72-68 80-40 60-32 42-40 50-66 44-96zM48-146Q60-154 72-146 66-124 76-104 60-112 44-104 52-122 48-146zM84-40Q92-76 64-150L108-34z",
        cloth,
    )
    c.path(
        "M-100-34Q-96-16-70-20L70-20Q96-18 112-38 100 0 78 14H-66Q-92 2-100-34z",
        c.linear((0, st.layer(0.8)), (1, st.layer(1.0))),
    )
    c.line("M-84-8H90", st.lit(st.layer(0.8), 0.4), 1.6, opacity=0.7)
    c.close()
    d = ""
    for j in range(9):
        row = y + 14 * k + j * 7 * k
        half = (84 - 6 * j) * k * r.u(0.5, 1)
        d += f"M{at(st.fx - half + r.u(-8, 8), row)}h{2 * half:.0f}"
    c.line(d, st.layer(1.0), 3.2, opacity=0.6)


def lighthouse(st: Stage) -> None:
    """Paint a lighthouse on its cliff, its beam over the sea."""
    c, r, p = st.c, st.r, st.p
    c.path(
        cumulus(r, st.fx + st.side * st.w * 0.26, st.hy, st.w * 0.7, st.h * 0.11),
        mix(st.lit(st.layer(0.1), 0.3), st.haze(), 0.4),
    )
    st.sea(st.hy, glints=True)
    x, foot = st.fx - st.side * st.s * 0.45, st.hy - st.s * 0.02
    tall, w = st.s * 1.18, st.s * 0.115
    top = foot - tall
    beam = c.linear((0, p.light, 0.85), (1, p.light, 0), x1=0 if st.side > 0 else 1, x2=1 if st.side > 0 else 0, y2=0)
    reach = st.side * max(st.w, st.h)
    c.path(f"M{at(x, top - w * 0.5)}l{at(reach, -st.s * 0.55)}v{st.s * 0.75:.0f}z", beam)
    c.path(
        f"M{at(x, top - w * 0.5)}l{at(-reach * 0.5, st.s * 0.02)}v{st.s * 0.24:.0f}z",
        p.light,
        opacity=0.1,
    )
    white = mix(p.light, st.layer(0.3), 0.15)
    wall = c.linear(
        (0, st.shade(white, 0.75)),
        (1, white),
        x1=0.5 - st.side * 0.5,
        x2=0.5 + st.side * 0.5,
        y2=0,
    )
    c.path(f"M{at(x - w, top + w * 0.6)}h{2 * w:.0f}l{w * 0.75:.0f} {tall:.0f}h{-3.5 * w:.0f}z", wall)
    bands = ""
    for q in (0.2, 0.56):
        a, b = w * (1 + 0.75 * q), w * (1 + 0.75 * (q + 0.17))
        ya, yb = top + w * 0.6 + tall * q, top + w * 0.6 + tall * (q + 0.17)
        bands += f"M{at(x - a, ya)}h{2 * a:.0f}L{at(x + b, yb)}h{-2 * b:.0f}z"
    c.path(bands, mix(p.accent, p.near, 0.25))
    lamp = f"M{at(x - w * 0.7, top - w)}h{1.4 * w:.0f}v{1.2 * w:.0f}h{-1.4 * w:.0f}z"
    c.path(lamp, p.light)
    c.path(
        f"M{at(x - w * 1.5, top + w * 0.2)}h{3 * w:.0f}v{w * 0.5:.0f}h{-3 * w:.0f}zM{at(x - w * 0.95, top - w)}q{w * 0.3:.0f} {-w * 0.9:.0f} {w * 0.95:.0f} {-w * 1.1:.0f}q{w * 0.65:.0f} {w * 0.2:.0f} {w * 0.95:.0f} {w * 1.1:.0f}z",
        st.layer(0.95),
    )
    c.circle(x, top - w * 0.5, st.s * 0.5, c.radial((0, p.light, 0.8), (1, p.light, 0)))
    edge = -30.0 if st.side > 0 else st.w + 30
    far = x + st.side * st.s * 0.5
    cliff = f"M{at(edge, foot - st.s * 0.16)}Q{at((edge + x) / 2, foot - st.s * 0.1)} {at(x - st.side * w, foot)}L{at(x + st.side * 2 * w, foot + 2)}"
    for _k in range(1, 8):
        cliff += f"l{st.side * r.u(0.4, 1) * (far - x) * st.side / 3.4:.0f} {st.h * 0.036 * r.u(0.5, 1.7):.0f}"
    c.path(f"{cliff}V{st.h:.0f}H{edge:.0f}z", st.fade(0.93, 0.35))
    c.path(land(rolling(r, st.w, st.hy + st.h * 0.2, 8, 6), st.h, curved=True), st.layer(1.0), opacity=0.75)


def planet(st: Stage) -> None:
    """Paint a ringed world, its moons and, below, a plain of rock or cloud."""
    c, r, p = st.c, st.r, st.p
    c.line(dots(r, st.some(50), 0, 0, st.w, st.h * 0.72), p.light if not p.pale else "#ffffff", 1.2, opacity=0.7)
    x, y, q = st.fx, st.fy, st.s * r.u(0.56, 0.68)
    tilt = st.side * r.u(-24, -12)
    day, dusk = st.lit(p.far, 0.5), mix(p.far, p.accent, 0.35)
    sun = 0.5 + st.side * 0.22
    ball = c.radial(
        (0, mix(day, p.light, 0.4)), (0.45, dusk), (0.85, st.layer(0.72)), (1, st.layer(1.0)), cx=sun, cy=0.3, r=0.78
    )
    c.circle(x, y, q * 1.45, c.radial((0.6, p.light, 0.3), (1, p.light, 0)))
    c.open(transform=f"translate({n(x)} {n(y)}) rotate({n(tilt)})")
    wide, tall = q * 1.95, q * 0.46
    rings = ((1.0, 5.0, 0.5), (0.86, 14.0, 0.75))
    colour = mix(p.light, p.accent, 0.25) if not p.pale else mix(p.accent, p.light, 0.25)
    for share, width, opacity in rings:
        c.path(
            f"M{n(-wide * share)} 0a{n(wide * share)} {n(tall * share)} 0 0 1 {n(2 * wide * share)} 0",
            stroke=colour,
            stroke_width=width,
            opacity=opacity,
        )
    c.circle(0, 0, q, ball)
    bands = ""
    for k, dy in enumerate((-0.62, -0.36, -0.06, 0.3, 0.58)):
        half = math.sqrt(1 - dy * dy) * q * 0.985
        bow, thick = q * 0.14, q * (0.05 + 0.05 * (k % 2))
        bands += f"M{n(-half)} {n(dy * q)}Q0 {n(dy * q + bow)} {n(half)} {n(dy * q)}Q0 {n(dy * q + bow + thick * 2)} {n(-half)} {n(dy * q)}z"
    c.path(bands, st.layer(0.85), opacity=0.28)
    for share, width, opacity in rings:
        c.path(
            f"M{n(-wide * share)} 0a{n(wide * share)} {n(tall * share)} 0 0 0 {n(2 * wide * share)} 0",
            stroke=colour,
            stroke_width=width,
            opacity=min(1, opacity + 0.2),
        )
    c.close()
    for dx, dy, size in ((-1.15, -0.75, 0.12), (1.25, 0.55, 0.07)):
        mx, my = x + st.side * dx * st.s, y + dy * st.s
        c.circle(mx, my, st.s * size, ball)
    if r.chance(0.5):
        st.cloud_sea(st.hy + st.h * 0.03)
    else:
        for k, depth in enumerate((0.5, 0.95)):
            line = st.tip(rough(r, st.w, st.hy + st.h * (0.02 + 0.12 * k), st.h * (0.1 - 0.02 * k), 5, 0.42))
            c.path(land(line, st.h), st.fade(depth, 0.4))


def fireworks(st: Stage) -> None:
    """Paint fireworks over a river, hills and the lights of the other bank."""
    c, r, p = st.c, st.r, st.p
    c.rect(0, 0, st.w, st.hy, p.near, opacity=0.32 if not p.pale else 0.12)
    tints = (p.light, p.accent, mix(p.accent, p.light, 0.5), mix(p.low, p.light, 0.5))
    bright = p.light if not p.pale else mix(p.accent, p.near, 0.1)
    if p.pale:
        tints = (p.accent, mix(p.near, p.accent, 0.4), mix(p.accent, p.low, 0.3), p.near)
    bursts = r.pick(
        (
            ((0.05, -0.12, 0.82), (-0.85, 0.42, 0.42), (0.9, 0.36, 0.46), (0.72, -0.86, 0.3)),
            ((-0.4, -0.45, 0.62), (0.55, 0.05, 0.7), (-0.7, 0.5, 0.36)),
            ((0.0, 0.0, 0.95), (0.95, -0.7, 0.34), (-1.0, -0.5, 0.3)),
        )
    )
    tips, rising = "", ""
    for k, (dx, dy, size) in enumerate(bursts):
        x, y, q = st.fx + st.side * dx * st.s, st.fy + dy * st.s, size * st.s
        trail, inner = "", ""
        count = st.some(22 if size > 0.6 else 14)
        for j in range(count):
            a, reach = math.radians(360 * j / count + r.u(-3, 3)), q * r.u(0.84, 1.0)
            ux, uy = math.cos(a), math.sin(a)
            ex, ey = ux * reach, uy * reach + q * 0.13
            trail += f"M{at(x + ux * q * 0.2, y + uy * q * 0.2)}Q{at(x + ux * reach * 0.8, y + uy * reach * 0.8)} {at(x + ex, y + ey)}"
            tips += f"M{at(x + ex, y + ey)}h0"
            inner += ray(x, y, math.degrees(a) + 7, q * 0.16, q * 0.46) if size > 0.6 else ""
        c.circle(x, y, q * 1.25, c.radial((0, tints[k % 2], 0.5), (1, tints[k % 2], 0)))
        c.line(trail, tints[k], 1.7 if size > 0.6 else 1.3, opacity=0.85)
        c.line(inner, tints[(k + 1) % 4], 2.2, stroke_dasharray="1 7")
        rising += f"M{at(x, y + q * 0.4)}Q{at(x + 7, (y + st.hy) / 2)} {at(x + 3, st.hy)}"
    c.line(tips, bright, 3.4)
    c.line(rising, tints[1], 1.2, opacity=0.35)
    c.path(land(rolling(r, st.w, st.hy - st.h * 0.035, st.h * 0.02, 6), st.h, curved=True), st.fade(0.62, 0.4))
    st.sea(st.hy)
    lamps = dots(r, 26, 0, st.hy - 5, st.w, st.hy - 1)
    c.line(lamps, mix(p.accent, p.light, 0.6), 2.6)
    c.path(land(rolling(r, st.w, st.hy + st.h * 0.19, st.h * 0.012, 6), st.h, curved=True), st.layer(1.0), opacity=0.8)


def rain(st: Stage) -> None:
    """Paint a window at night: lights out of focus behind it, drops running down the pane."""
    c, r, p = st.c, st.r, st.p
    c.rect(0, 0, st.w, st.h, p.near, opacity=0.5 if not p.pale else 0.18)
    tints = (p.accent, p.light, mix(p.low, p.accent, 0.4), p.low)
    for tint, opacity in zip(tints, (0.42, 0.2, 0.36, 0.28), strict=True):
        d = ""
        for _ in range(3):
            x, y, q = st.fx + r.u(-1, 1) * st.s * 1.35, st.h * r.u(0.16, 0.58), st.s * r.u(0.1, 0.3)
            d += f"M{at(x - q, y)}a{q:.0f} {q:.0f} 0 1 1 {2 * q:.0f} 0a{q:.0f} {q:.0f} 0 1 1 {-2 * q:.0f} 0"
        c.path(d, tint, opacity=opacity)
    tracks, drops, shine = "", "", ""
    for _ in range(st.some(14)):
        x, y, length = st.fx + r.u(-1, 1) * st.w * 0.6, st.h * r.u(-0.1, 0.4), st.h * r.u(0.08, 0.3)
        bend = r.u(-5, 5)
        tracks += f"M{at(x, y)}q{bend:.0f} {length * 0.4:.0f} 0 {length * 0.6:.0f}t{-bend * 0.6:.0f} {length * 0.4:.0f}"
        q = r.u(3, 6)
        bx, by = x - bend * 0.6, y + length
        drops += f"M{at(bx, by - q * 1.6)}q{at(q * 1.6, q * 2.4)} {at(0, q * 2.6)}q{at(-q * 1.6, -q * 0.2)} {at(0, -q * 2.6)}z"
        shine += f"M{at(bx + q * 0.3, by + q * 0.2)}h0"
    beads = dots(r, st.some(44), 0, 0, st.w, st.h * 0.68)
    c.line(beads, p.light, 2.8, opacity=0.45)
    c.line(dots(r, st.some(18), 0, 0, st.w, st.h * 0.66), p.light, 4.6, opacity=0.3)
    c.line(tracks, p.light, 2.4, opacity=0.3)
    c.path(drops, p.light, opacity=0.7)
    c.line(shine, "#ffffff", 1.8)
    bar = max(9.0, st.w * 0.022)
    frame = f"M{n(st.fx - bar / 2)} 0h{n(bar)}V{st.h:.0f}h{n(-bar)}zM0 {st.h * 0.27:.0f}H{st.w:.0f}v{n(bar * 0.8)}H0z"
    c.path(frame, st.layer(0.97))
    c.path(
        frame.replace(f"h{n(bar)}V", "h1.5V").split("zM0")[0] + f"M0 {st.h * 0.27:.0f}H{st.w:.0f}v1.5H0z",
        st.lit(st.layer(0.8), 0.35),
        opacity=0.6,
    )
    sill = st.h * 0.645
    c.rect(0, sill, st.w, st.h, c.linear((0, st.layer(0.8)), (0.3, st.layer(1.0))))
    c.rect(0, sill, st.w, 2.5, st.lit(st.layer(0.7), 0.4), opacity=0.7)
    x = st.fx - st.side * st.s * 0.62
    c.path(_plant(x, sill, st.s * 0.62), st.layer(1.0))


def _plant(x: float, y: float, size: float) -> str:
    """Return a plant in its pot, in silhouette."""
    d = f"M{at(x - size * 0.2, y - size * 0.3)}h{n(size * 0.4)}l{n(-size * 0.06)} {n(size * 0.31)}h{n(-size * 0.28)}z"
    for lean, tall in ((-0.62, 0.5), (-0.4, 0.85), (-0.06, 1.1), (0.3, 0.95), (0.62, 0.6)):
        tx, ty = x + lean * size, y - size * (0.25 + tall)
        d += f"M{at(x - 3, y - size * 0.28)}Q{at(x + lean * size * 0.1 - size * 0.1, (y + ty) / 2 - size * 0.2)} {at(tx, ty)}"
        d += f"Q{at(x + lean * size * 0.6 + size * 0.14, (y + ty) / 2)} {at(x + 3, y - size * 0.28)}z"
    return d
