"""Motifs of land and growing things: mountains, hills, forest, blossom, lilies, islands."""

from __future__ import annotations

import math

from webapp.art.canvas import Dice, Point, at, cumulus, land, n, rolling, rough, taper
from webapp.art.colour import mix
from webapp.art.stage import Stage


def conifers(dice: Dice, line: list[Point], height: float, gap: float, bottom: float) -> str:
    """Return a row of firs standing on `line`."""
    d = f"M{at(line[0][0], bottom)}V{line[0][1]:.0f}"
    x, k = line[0][0], 0
    while x < line[-1][0]:
        while k < len(line) - 2 and line[k + 1][0] < x:
            k += 1
        (ax, ay), (bx, by) = line[k], line[k + 1]
        y = ay + (by - ay) * (x - ax) / ((bx - ax) or 1)
        tall = height * (0.45 + 0.75 * dice.u() ** 1.5)
        half = tall * dice.u(0.13, 0.19)
        d += f"L{at(x, y)}l{half * 0.55:.0f} {-tall * 0.5:.0f}h{-half * 0.2:.0f}l{half * 0.65:.0f} {-tall * 0.5:.0f}"
        d += f"l{half * 0.65:.0f} {tall * 0.5:.0f}h{-half * 0.2:.0f}l{half * 0.55:.0f} {tall * 0.5:.0f}"
        x += 2 * half + gap * dice.u(0, 1.3) ** 2
    return f"{d}V{bottom:.0f}z"


def mountains(st: Stage) -> None:
    """Paint a great snow peak or ranges behind ranges, mist between, firs in front."""
    c, r = st.c, st.r
    if r.chance(0.55):
        x, base = st.fx - st.side * st.s * r.u(0.1, 0.5), st.hy + st.h * 0.03
        half, tall = st.s * r.u(1.7, 2.1), min(st.s * r.u(1.15, 1.4), st.hy - st.h * 0.14)
        lip, cap, top = half * 0.06, 0.36, base - tall
        right = f"Q{at(x + half * 0.32, base - tall * 0.42)} {at(x + half, base)}"
        left = (
            f"M{at(x - half, base)}Q{at(x - half * 0.32, base - tall * 0.42)} {at(x - lip, top)}l{n(lip)} 3 {n(lip)} -3"
        )
        c.path(f"{left}{right}z", c.linear((0, st.layer(0.8)), (1, mix(st.layer(0.45), st.haze(), 0.3))))
        snow = f"M{at(x - lip, top)}l{n(lip)} 3 {n(lip)} -3"
        edge, wide = top + tall * cap, half * 0.235
        snow += f"Q{at(x + half * 0.13, top + tall * 0.22)} {at(x + wide, edge)}"
        teeth = 7
        for k in range(1, teeth):
            tx = x + wide - 2 * wide * k / teeth
            snow += f"L{at(tx, edge + tall * (0.1 * r.u(0.4, 1) if k % 2 else -0.11))}"
        snow += f"L{at(x - wide, edge)}Q{at(x - half * 0.13, top + tall * 0.22)} {at(x - lip, top)}z"
        bright = st.p.light if not st.p.pale else "#ffffff"
        lit = c.linear(
            (0, bright), (1, mix(bright, st.layer(0.2), 0.55)), x1=0.5 + st.side * 0.5, x2=0.5 - st.side * 0.5
        )
        c.path(snow, lit)
        ranges: tuple[tuple[float, float, float], ...] = ((0.02, 0.10, 0.45), (0.09, 0.07, 0.68))
    else:
        # A light that rises from behind the ranges must not be hidden by the farthest.
        far = ((-0.06, 0.16, 0.15),) if st.composition == "crest" else ((-0.22, 0.24, 0.05), (-0.11, 0.20, 0.25))
        ranges = (*far, (0.0, 0.14, 0.48), (0.08, 0.09, 0.7))
    for k, (dy, height, depth) in enumerate(ranges):
        line = st.tip(rough(r, st.w, st.hy + st.h * dy, st.h * height * 1.25, 5, 0.5))
        c.path(land(line, st.h), st.fade(depth, 1.0))
        if k < 3:
            st.mist(st.hy + st.h * (dy + 0.09), st.h * 0.12, 0.55)
    foot = st.tip(rolling(r, st.w, st.hy + st.h * 0.19, st.h * 0.02, 5))
    c.path(conifers(r, foot, st.h * 0.085, 9, st.h), st.fade(0.97, 0.15))


def hills(st: Stage) -> None:
    """Paint rolling hills under the light, one tree on a crest, tall grass bending in front."""
    c, r = st.c, st.r
    for k, depth in enumerate((0.08, 0.28, 0.5)):
        y = st.hy - st.h * (0.15 - 0.07 * k)
        c.path(land(st.tip(rolling(r, st.w, y, st.h * 0.035, 5)), st.h, curved=True), st.fade(depth, 0.7))
    x, y = st.fx + st.side * st.s * -0.55, st.hy - st.h * 0.005
    y += st.slope * (x - st.fx)
    tall = st.s * r.u(0.85, 1.15)
    dark = st.layer(0.82)
    limbs = taper([(x, y + 30), (x - 2, y - tall * 0.3), (x + 3, y - tall * 0.75)], tall * 0.07, 2)
    limbs += taper(
        [(x - 1, y - tall * 0.25), (x + tall * 0.14, y - tall * 0.45), (x + tall * 0.26, y - tall * 0.56)], 4, 1
    )
    crown, lit = "", ""
    for _ in range(st.some(16)):
        a, q = r.u(0, 6.28), r.u() ** 0.6
        bx, by = x + math.cos(a) * q * tall * 0.36, y - tall * 0.76 + math.sin(a) * q * tall * 0.22
        size = tall * r.u(0.12, 0.2)
        blob = f"h0a5 4 0 1 1 {size * 2:.0f} 0a5 4 0 1 1 {-size * 2:.0f} 0"
        crown += f"M{at(bx - size, by)}{blob}"
        lit += (
            f"M{at(bx - size * 0.6 + st.side * size * 0.35, by - size * 0.35)}{blob.replace('h0', '')}"
            if q < 0.55
            else ""
        )
    c.path(limbs + crown, dark)
    c.path(lit, st.lit(dark, 0.22), opacity=0.55)
    c.path(land(st.tip(rolling(r, st.w, st.hy + st.h * 0.03, st.h * 0.02, 4)), st.h, curved=True), st.fade(0.72, 0.6))
    near = st.tip(rolling(r, st.w, st.hy + st.h * 0.13, st.h * 0.02, 5))
    c.path(land(near, st.h, curved=True), st.fade(0.95, 0.3))
    grass, plumes = "", ""
    for _ in range(st.some(32)):
        gx, tall = r.u(-10, st.w + 10), st.h * r.u(0.06, 0.19)
        gy, lean = st.h * 0.80, -st.side * tall * r.u(0.12, 0.5)
        grass += f"M{at(gx, gy)}q{lean * 0.15:.0f} {-tall * 0.7:.0f} {lean:.0f} {-tall:.0f}"
        if r.chance(0.45):
            plumes += f"M{at(gx + lean, gy - tall)}q{-st.side} -9 {-st.side * 7} -13"
    c.line(grass, st.layer(1.0), 1.8)
    c.line(plumes, st.lit(st.layer(0.6), 0.55), 3.4, opacity=0.8)


def forest(st: Stage) -> None:
    """Paint trunks in three depths, shafts of light between them and small spirits below."""
    c, r, p = st.c, st.r, st.p
    c.circle(st.fx, st.fy, st.s * 1.5, c.radial((0, p.light, 0.75), (1, p.light, 0)))
    for depth, count, width in ((0.05, 12, 0.026), (0.38, 8, 0.05)):
        d = ""
        for k in range(count):
            x = st.w * (k + r.u(0.1, 0.9)) / count
            half, lean = st.w * width * r.u(0.3, 0.6), r.u(-7, 7)
            if st.shape != "poster":
                half *= 0.6
            d += f"M{at(x - half, st.h)}Q{at(x - half * 0.4, st.hy)} {at(x + lean - half * 0.6, 0)}h{half * 1.2:.0f}"
            d += f"Q{at(x + half * 0.4, st.hy)} {at(x + half, st.h)}z"
            if r.chance(0.7):
                by, way = st.h * r.u(0.12, 0.42), r.pick((-1, 1))
                d += f"M{at(x, by + 18)}q{way * 14} -8 {way * r.u(30, 55):.0f} {-r.u(26, 50):.0f}q{-way * 18} 24 {-way * 30} 46z"
        c.path(
            d,
            c.linear((0, st.shade(st.layer(depth), 0.3)), (1, st.lit(st.layer(depth), 0.25))),
        )
        st.mist(st.h * 0.56, st.h * 0.3, 0.5)
    shafts = ""
    for k in range(4):
        x = st.fx + st.side * st.w * (0.42 - 0.17 * k)
        reach = -st.side * st.h * 0.26
        shafts += f"M{at(x, -10)}h{r.u(12, 34):.0f}l{at(reach + 26, st.h * 0.8)}h{-r.u(40, 70):.0f}z"
    c.path(shafts, c.linear((0, p.light, 0.42), (1, p.light, 0)))
    c.path(land(rolling(r, st.w, st.h * 0.655, 9, 5), st.h, curved=True), st.fade(0.8, 0.4))
    d = ""
    for x, width in ((st.fx - st.w * 0.36, 0.11), (st.fx + st.w * 0.40, 0.13)):
        half = min(st.w, st.h) * width * 0.5
        d += f"M{at(x - half * 1.9, st.h * 0.86)}Q{at(x - half * 0.8, st.h * 0.72)} {at(x - half * 0.8, st.h * 0.3)}L{at(x - half * 0.9, -5)}"
        d += f"h{half * 1.7:.0f}L{at(x + half * 0.8, st.h * 0.3)}Q{at(x + half * 0.8, st.h * 0.72)} {at(x + half * 1.9, st.h * 0.86)}z"
    c.path(d, st.layer(0.96))
    leaves, x = f"M-20 -9V{st.h * 0.05:.0f}", -20.0
    while x < st.w + 20:
        step = r.u(26, 62)
        leaves += f"a{step * 0.55:.0f} {step * 0.5:.0f} 0 0 0 {step:.0f} {r.u(-9, 9):.0f}"
        x += step
    c.path(f"{leaves}V-9z", st.layer(0.98))
    spirits, eyes = "", ""
    for k in range(5):
        x, y, q = st.fx + (k - 2) * st.s * 0.34 + r.u(-12, 12), st.h * r.u(0.615, 0.665), r.u(5, 9)
        spirits += f"M{at(x - q, y - q)}a{n(q)} {n(q * 1.05)} 0 1 1 {n(2 * q)} 0l{n(-q * 0.5)} {n(q * 2.2)}h{n(-q)}z"
        eyes += f"M{n(x - q * 0.4)} {n(y - q * 1.1)}h0M{n(x + q * 0.35)} {n(y - q * 1.2)}h0"
    c.path(spirits, p.light if not p.pale else "#ffffff", opacity=0.92)
    c.line(eyes, p.near, 2.6)


def blossom(size: float, turn: float = 0.0) -> str:
    """Return a five-petalled flower around the current point, in relative commands."""
    d = ""
    for k in range(5):
        a = math.radians(turn + 72 * k)
        cos, sin = math.cos(a) * size, math.sin(a) * size

        def to(u: float, v: float, cos: float = cos, sin: float = sin) -> str:
            return f"{n(cos * u - sin * v)} {n(sin * u + cos * v)}"

        d += f"c{to(0.2, 0.55)} {to(0.7, 0.6)} {to(1, 0.14)}l{to(-0.12, -0.14)} {to(0.12, -0.14)}c{to(-0.3, -0.46)} {to(-0.8, -0.41)} {to(-1, 0.14)}"
    return d


def sakura(st: Stage) -> None:
    """Paint a blossoming branch across the light, hills far below."""
    c, r, p = st.c, st.r, st.p
    st.hills(3, st.hy + st.h * 0.02, 0.12)
    # In a wide picture the focus stands to the right: only from there does a branch reach it.
    way = st.side if st.shape == "poster" else -1
    edge = -20.0 if way > 0 else st.w + 20
    foot = st.fy + st.s * r.u(-0.1, 0.75)
    spine = [
        (edge + way * st.s * q * 2.5, foot - st.s * (0.62 * q + r.u(-0.1, 0.1) + 0.2 * math.sin(q * 5)))
        for q in (0, 0.2, 0.4, 0.6, 0.78, 0.95)
    ]
    bark = st.layer(0.88)
    limbs = taper(spine, st.s * 0.12, 2)
    places: list[Point] = list(spine[2:])
    for k, (x, y) in enumerate(spine[1:]):
        for up in (-1, 1):
            length = st.s * r.u(0.4, 0.85) * (1 - 0.1 * k)
            tip = (x + way * length * 0.75, y + up * length * r.u(0.5, 0.8) * (1 if up < 0 else 0.7))
            middle = ((x + tip[0]) / 2 + way * 5, (y + tip[1]) / 2 + up * 7)
            limbs += taper([(x, y), middle, tip], st.s * 0.05 * (1 - 0.12 * k), 1)
            places += [middle, tip, ((middle[0] + tip[0]) / 2, (middle[1] + tip[1]) / 2), tip]
    c.path(limbs, bark)
    deep, pale = mix(p.accent, p.light, 0.3 if not p.pale else 0.15), mix(p.light, "#ffffff", 0.3)
    if p.pale:
        pale = mix("#ffffff", p.accent, 0.22)
    rosy = mix(pale, p.accent if p.name in ("blossom", "paper", "celadon", "morning", "dusk") else p.low, 0.4)
    hearts = ""
    for colour, count, size in ((deep, 16, 0.075), (rosy, 24, 0.095), (pale, 26, 0.12)):
        d = ""
        for _ in range(st.some(count)):
            x, y = r.pick(places)
            x, y = x + r.u(-1, 1) * st.s * 0.13, y + r.u(-1, 1) * st.s * 0.12
            d += f"L{at(x, y)}"
            hearts += f"M{at(x, y)}h0" if size > 0.08 else ""
        # The first and the last vertex bear no flower.
        c.path(f"M0 0{d}L0 0", marker_mid=c.marker(f"M0 0{blossom(st.s * size)}", colour))
    c.line(hearts, deep, 3)


def lilies(st: Stage) -> None:
    """Paint red spider lilies standing before dark water or a field."""
    c, r, p = st.c, st.r, st.p
    if r.chance(0.5):
        st.sea(st.hy)
    else:
        st.hills(3)
    red = mix(p.accent, "#d4202f", 0.45)
    heads = r.pick(
        (
            ((-0.62, 0.30, 0.34), (0.55, 0.12, 0.42), (-0.12, -0.22, 0.56), (0.95, 0.5, 0.26)),
            ((-0.35, -0.1, 0.62), (0.62, 0.34, 0.4), (-1.0, 0.55, 0.26)),
            ((0.0, 0.05, 0.78), (-0.9, 0.6, 0.3), (0.85, 0.5, 0.34)),
            ((-0.8, 0.35, 0.3), (-0.25, 0.05, 0.38), (0.3, -0.25, 0.46), (0.85, 0.2, 0.36)),
        )
    )
    stems, shadows, flowers, stamens = "", "", "", ""
    for dx, dy, q in heads:
        x, y, q = st.fx + (dx + r.u(-0.06, 0.06)) * st.s * st.side, st.fy + dy * st.s, q * st.s
        stems += f"M{at(x, y)}Q{at(x + r.u(-14, 14), (y + st.h) / 2)} {at(x + r.u(-24, 24), st.h * 0.92)}"
        for j in range(8):
            a = math.radians(-90 + (j - 3.5) * 38 + r.u(-7, 7))
            cx, cy = math.cos(a) * q, math.sin(a) * q * 0.62 - q * 0.22
            petal = f"M{at(x, y)}q{at(cx * 0.75, cy * 0.7 + q * 0.30)} {at(cx, cy)}q{at(-cx * 0.02, -q * 0.22)} {at(-cx * 0.25, -q * 0.2)}"
            petal += f"q{at(cx * 0.16, q * 0.1)} {at(cx * 0.06, q * 0.22)}Q{at(x + cx * 0.5, y + cy * 0.5 + q * 0.28)} {at(x, y)}z"
            if j % 2:
                flowers += petal
            else:
                shadows += petal
            stamens += f"M{at(x, y)}q{at(cx * 0.9, cy * 0.5 + q * 0.5)} {at(cx * 1.22, cy * 1.1 - q * 0.42)}"
    c.line(stems, st.layer(0.85), 3.2)
    c.path(shadows, mix(red, p.near, 0.45))
    c.line(stamens, mix(red, p.light, 0.28), 1.2)
    c.path(flowers, red)


def islands(st: Stage) -> None:
    """Paint islands afloat over a sea of cloud, a keep upon the greatest."""
    c, r, p = st.c, st.r, st.p
    c.path(
        cumulus(r, st.fx + st.side * st.w * 0.3, st.hy + 20, st.w * 0.7, st.h * 0.2),
        st.lit(st.layer(0.05), 0.4),
        opacity=0.5,
    )
    for dx, dy, size, depth in ((1.05, -0.62, 0.26, 0.12), (-1.1, -0.28, 0.36, 0.3), (0.05, 0.18, 1.0, 0.62)):
        x, y, half = st.fx + st.side * dx * st.s, st.fy + dy * st.s, size * st.s * 0.86
        rock = f"M{at(x - half, y)}"
        for k in range(1, 10):
            q = -1 + 2 * k / 10
            deep = half * (1 - abs(q) ** 1.3) * r.u(0.85, 1.45) * (1 if k % 2 else 0.72)
            rock += f"L{at(x + q * half * 0.9, y + deep)}"
        rock += f"L{at(x + half, y)}z"
        body = st.layer(depth)
        foot = mix(body, st.haze(), 0.6)
        c.path(rock, c.linear((0, st.shade(body, 0.35)), (1, foot)) if size > 0.9 else mix(body, foot, 0.5))
        top = f"M{at(x - half * 1.03, y + 2)}q{n(half * 0.3)} {n(-half * 0.26)} {n(half)} {n(-half * 0.22)}t{n(half * 1.06)} {n(half * 0.22)}q{n(-half * 0.5)} {n(half * 0.16)} {n(-half)} {n(half * 0.07)}t{n(-half * 1.06)} {n(-half * 0.07)}z"
        if size > 0.9:
            c.path(
                _keep(r, x - half * 0.06, y - half * 0.12, half * 0.95),
                st.shade(body, 0.3),
            )
            fall = f"M{at(x + half * 0.52, y - 4)}l3 {half * 1.5:.0f}M{at(x + half * 0.57, y - 4)}l4 {half * 1.25:.0f}"
            c.line(fall, p.light, 3.2, opacity=0.75)
        c.path(top, st.lit(body, 0.32))
    st.cloud_sea(st.hy + st.h * 0.03)


def _keep(dice: Dice, x: float, y: float, size: float) -> str:
    """Return the towers of a keep, the tallest in the middle."""
    d = ""
    for dx, tall, half in (
        (-0.42, 0.5, 0.07),
        (0.36, 0.6, 0.075),
        (-0.2, 0.85, 0.085),
        (0.19, 0.78, 0.07),
        (0.0, 1.15, 0.11),
    ):
        left, w, top = x + (dx - half) * size, 2 * half * size, y - tall * size * 0.62 * dice.u(0.92, 1.08)
        d += f"M{at(left, y + 12)}V{top:.0f}h{n(-w * 0.16)}l{n(w * 0.66)} {n(-tall * size * 0.36)} {n(w * 0.66)} {n(tall * size * 0.36)}h{n(-w * 0.16)}V{y + 12:.0f}z"
    return d


def balloons(st: Stage) -> None:
    """Paint hot-air balloons over hills at morning."""
    c, r, p = st.c, st.r, st.p
    st.hills(3, st.hy - st.h * 0.06, 0.05)
    flock = r.pick(
        (
            ((0.95, -0.42, 0.2), (-0.95, -0.85, 0.28), (-0.78, 0.5, 0.34), (0.14, -0.12, 0.95)),
            ((-0.7, -0.7, 0.3), (0.9, 0.3, 0.42), (-1.1, 0.42, 0.22), (-0.1, 0.0, 0.82)),
            ((0.8, -0.9, 0.34), (1.1, 0.45, 0.24), (-0.9, -0.2, 0.5), (0.22, 0.06, 0.74)),
        )
    )
    ends = {"x1": 0.5 + st.side * 0.5, "x2": 0.5 - st.side * 0.5, "y2": 0.3}
    dark = st.layer(0.75)
    baskets = ""
    for dx, dy, size in flock:
        x, y, q = st.fx + st.side * dx * st.s, st.fy + dy * st.s, size * st.s * 0.62
        big = size > 0.7
        body = mix(p.accent, st.haze(), 0.05) if big else mix(p.accent, st.layer(0.3), 0.6)
        lit, shaded = mix(body, p.light, 0.35), mix(body, p.near, 0.5)
        c.path(_balloon(x, y, q), c.linear((0, lit), (0.5, body), (1, shaded), **ends))
        baskets += _basket(x, y, q)
        if big:
            c.path(_gores(x, y, q), mix(p.light, body, 0.12), opacity=0.5)
    c.path(baskets, dark, stroke=dark, stroke_width=0.8)


def _balloon(x: float, y: float, q: float) -> str:
    """Return the outline of a balloon's envelope."""
    left = f"M{at(x - q * 0.2, y + q * 1.3)}C{at(x - q * 0.35, y + q * 0.95)} {at(x - q, y + q * 0.6)} {at(x - q, y)}"
    right = f"C{at(x + q, y + q * 0.6)} {at(x + q * 0.35, y + q * 0.95)} {at(x + q * 0.2, y + q * 1.3)}z"
    return f"{left}A{n(q)} {n(q)} 0 0 1 {at(x + q, y)}{right}"


def _gores(x: float, y: float, q: float) -> str:
    """Return the stripes of an envelope."""
    d = ""
    for k in (0.28, 0.66):
        for sign in (-1, 1):
            kx = sign * k * q
            d += f"M{at(x + sign * 0.06 * q, y + q * 1.3)}C{at(x + kx * 0.5, y + q * 0.9)} {at(x + kx, y + q * 0.6)} {at(x + kx, y)}S{at(x + kx * 0.6, y - q * 0.94)} {at(x, y - q)}"
            if k > 0.5:
                back = kx * 0.44
                d += f"C{at(x + back * 0.6, y - q * 0.94)} {at(x + back, y - q * 0.5)} {at(x + back, y)}S{at(x + back * 0.5, y + q * 0.9)} {at(x + sign * 0.03 * q, y + q * 1.3)}z"
    return d


def _basket(x: float, y: float, q: float) -> str:
    """Return a balloon's basket and ropes."""
    basket = f"M{at(x - q * 0.15, y + q * 1.55)}h{n(q * 0.3)}l{n(-q * 0.04)} {n(q * 0.2)}h{n(-q * 0.22)}z"
    return f"{basket}M{at(x - q * 0.18, y + q * 1.3)}L{at(x - q * 0.13, y + q * 1.56)}M{at(x + q * 0.18, y + q * 1.3)}L{at(x + q * 0.13, y + q * 1.56)}"
