"""Motifs of what people make: skyline, gate, machine, blade, music, a ball under floodlights, a comet watched."""

from __future__ import annotations

import math

from webapp.art.canvas import Point, at, glint, land, n, polygon, rolling, smooth, taper
from webapp.art.colour import mix
from webapp.art.stage import Stage


def skyline(st: Stage) -> None:
    """Paint a city at night: towers in three depths, windows lit, a red lamp on the tallest."""
    c, r, p = st.c, st.r, st.p
    lamps = ""
    for depth, gap, tall in ((0.12, 30, 0.44), (0.45, 42, 0.36), (0.88, 60, 0.2)):
        base = st.hy + st.h * (0.02 + 0.10 * depth)
        x, d, windows = -10.0, f"M-10 {st.h:.0f}", ""
        while x < st.w:
            wide = gap * r.u(0.6, 1.3)
            near = 1 - 0.55 * min(abs(x + wide / 2 - st.fx) / (st.s * 2.2), 1)
            top = base - st.h * tall * near * r.u(0.45, 1.0)
            d += f"L{at(x, top)}"
            if r.chance(0.3):
                d += f"h{wide * 0.4:.0f}v-{r.u(8, 26):.0f}h3v{st.h * 0.03:.0f}"
                if depth < 0.4:
                    lamps += f"M{at(x + wide * 0.4 + 1, top - 16)}h0"
            d += f"L{at(x + wide, top + r.pick((0, 0, 7)))}"
            for k in range(st.some(3)):
                column = x + wide * (0.22 + 0.28 * k)
                if r.chance(0.6) and depth > 0.2:
                    windows += f"M{at(column, top + r.u(7, 16))}V{base + 12:.0f}"
            x += wide
        c.path(f"{d}V{st.h:.0f}z", st.fade(depth, 0.8))
        if windows:
            lit = mix(p.accent, p.light, 0.45)
            c.path(windows, stroke=lit, stroke_width=3 + 1.8 * depth, stroke_dasharray="4 6 4 7 4 20", opacity=0.9)
        if depth < 0.5:
            st.mist(base, st.h * 0.13, 0.5)
    c.line(lamps, mix(p.accent, "#ff4a3d", 0.6), 3.4)


def torii(st: Stage) -> None:
    """Paint a great gate before the light, in still water or on a hill."""
    c, r, p = st.c, st.r, st.p
    water = r.chance(0.6)
    if water:
        c.path(
            land(st.tip(rolling(r, st.w, st.hy - st.h * 0.03, st.h * 0.03, 4)), st.hy + 2, curved=True),
            st.fade(0.2, 0.7),
        )
        st.sea(st.hy)
    else:
        st.hills(3, st.hy - st.h * 0.02, 0.15)
    x, foot, q = st.fx, st.hy + st.s * 0.22, st.s * r.u(0.86, 1.0)
    top = foot - q * 1.5
    red = mix(p.accent, "#c22f22", 0.62)
    paint = c.linear((0, mix(red, p.light, 0.12)), (0.5, red), (1, mix(red, p.near, 0.62)))
    d = ""
    for side in (-1, 1):
        a, b, w = x + side * q * 0.58, x + side * q * 0.68, q * 0.065
        d += f"M{at(a - w, top + q * 0.2)}L{at(b - w * 1.15, foot)}h{2.3 * w:.0f}L{at(a + w, top + q * 0.2)}z"
    d += f"M{at(x - q * 0.86, top + q * 0.42)}h{1.72 * q:.0f}v{q * 0.1:.0f}h{-1.72 * q:.0f}z"
    d += f"M{at(x - q * 0.06, top + q * 0.14)}h{q * 0.12:.0f}v{q * 0.3:.0f}h{-q * 0.12:.0f}z"
    c.path(d, paint)
    roof = f"M{at(x - q * 1.08, top - q * 0.1)}Q{at(x, top + q * 0.12)} {at(x + q * 1.08, top - q * 0.1)}"
    roof += f"l{-q * 0.06:.0f} {q * 0.18:.0f}Q{at(x, top + q * 0.27)} {at(x - q * 1.02, top + q * 0.08)}z"
    c.path(roof, st.shade(red, 0.72))
    if water:
        ripples = ""
        for k in range(8):
            half = q * r.u(0.5, 0.85) * (1 - 0.07 * k)
            ripples += f"M{at(x - half + r.u(-9, 9), foot + 5 + k * q * 0.07)}h{half * r.u(0.3, 0.7):.0f}m{half * 0.5:.0f} 0h{half * r.u(0.3, 0.6):.0f}"
        c.line(ripples, st.shade(red, 0.45), 3, opacity=0.7)
    else:
        rope = f"M{at(x - q * 0.56, top + q * 0.56)}Q{at(x, top + q * 0.86)} {at(x + q * 0.56, top + q * 0.56)}"
        c.line(rope, p.light, 4, opacity=0.9)
        steps = "".join(
            f"M{at(x - q * (0.24 + 0.05 * k), foot + 6 + k * q * 0.1)}h{q * (0.48 + 0.1 * k):.0f}" for k in range(5)
        )
        c.line(steps, st.lit(st.layer(0.7), 0.35), 2.6, opacity=0.6)


def machine(st: Stage) -> None:
    """Paint the bust of a giant machine, its eyes lit, over a grid that runs to the horizon."""
    c, r, p = st.c, st.r, st.p
    c.rect(0, st.hy, st.w, st.h, st.layer(0.7))
    grid = "".join(f"M{at(st.fx + k * 9, st.hy)}L{at(st.fx + k * st.w * 0.16, st.h)}" for k in range(-7, 8))
    grid += "".join(f"M0 {st.hy + st.h * 0.42 * (k / 7) ** 2:.0f}H{st.w:.0f}" for k in range(1, 7))
    c.path(grid, stroke=p.accent, stroke_width=1, opacity=0.5)
    q, x, y = st.s / 100, st.fx, st.fy - st.s * 0.06
    horn, jaw = r.u(82, 118), r.u(26, 36)
    spread = r.u(52, 84)
    c.open(transform=f"translate({n(x)} {n(y)}) scale({q:.2f})")
    body = mix(st.layer(0.75), p.accent, 0.06)
    metal = c.linear((0, st.lit(body, 0.4)), (1, mix(body, p.accent, 0.12)))
    shoulders = polygon([(-118, 190), (-132, 92), (-104, 58), (-58, 66), (-40, 84), (40, 84), (58, 66), (104, 58), (132, 92), (118, 190)])  # fmt: skip
    pylons = polygon([(-128, 60), (-112, -34), (-92, -22), (-86, 54)]) + polygon([(128, 60), (112, -34), (92, -22), (86, 54)])  # fmt: skip
    c.path(pylons + shoulders, metal)
    head = polygon([(-24, 92), (-jaw, 62), (-46, 44), (-52, -10), (-36, -46), (0, -58), (36, -46), (52, -10), (46, 44), (jaw, 62), (24, 92)])  # fmt: skip
    c.path(head, st.lit(body, 0.3))
    face = polygon([(-40, 2), (0, 14), (40, 2), (36, 40), (jaw - 8, 58), (16, 78), (-16, 78), (8 - jaw, 58), (-36, 40)])
    c.path(face, st.layer(1.0))
    fin = polygon([(0, -24), (-spread, -horn), (-14, -50), (0, -62), (14, -50), (spread, -horn)])
    c.path(fin, mix(p.accent, p.light, 0.45))
    vents = "M-26 60l8 10M26 60l-8 10M-9 62v12M0 62v14M9 62v12M-96 84l22 8M96 84l-22 8M-60 110h36M60 110h-36"
    c.path(vents, stroke=st.lit(body, 0.5), stroke_width=3, opacity=0.7)
    glow = mix(p.accent, p.light, 0.35)
    c.circle(0, 20, 62, c.radial((0, glow, 0.5), (1, glow, 0)))
    c.path("M-36 10l30 12-6 8-20-6zM36 10L6 22l6 8 20-6z", mix(glow, "#ffffff", 0.35))
    c.close()
    st.mist(st.fy + st.s * 1.15, st.h * 0.16, 0.5)


def blade(st: Stage) -> None:
    """Paint a sword planted on a hill, a ribbon on the wind, the field behind it."""
    c, r, p = st.c, st.r, st.p
    for k, depth in enumerate((0.15, 0.5)):
        line = st.tip(rolling(r, st.w, st.hy - st.h * (0.04 - 0.06 * k), st.h * 0.03, 5))
        c.path(land(line, st.h, curved=True), st.fade(depth, 0.8))
    x, foot, way = st.fx, st.hy + st.h * 0.06, st.side
    tall, lean = st.s * r.u(1.5, 1.7), way * st.s * r.u(0.1, 0.3)
    top = (x + lean, foot - tall)

    def along(share: float, off: float = 0.0) -> Point:
        return x + lean * share + off, foot - tall * share

    wide = st.s * 0.05
    steel = [along(0.0, -wide), (along(0.34, way * wide * 0.9)[0] - wide, along(0.34)[1]), along(0.68, -wide)]
    back = [along(0.68, wide), (along(0.34, way * wide * 0.9)[0] + wide, along(0.34)[1]), along(0.0, wide)]
    bright = mix(p.light, "#ffffff", 0.45)
    c.path(smooth(steel) + "L" + smooth(back)[1:] + "z", c.linear((0, bright), (0.6, mix(bright, p.far, 0.35)), (1, st.layer(0.7))))  # fmt: skip
    c.path(smooth([along(0.0, way * wide * 0.5), (along(0.34, way * wide * 1.3)), along(0.68, way * wide * 0.4)]), stroke=p.near, stroke_width=1.2, opacity=0.5)  # fmt: skip
    c.path(taper([along(0.68), along(0.84), top], wide * 2.5, wide * 2.1), st.layer(0.97))
    c.path(polygon([along(0.71), top], close=False), stroke=mix(p.accent, p.light, 0.2), stroke_width=wide * 1.5, stroke_dasharray="4 5", opacity=0.9)  # fmt: skip
    gx, gy = along(0.68)
    c.put("ellipse", cx=gx, cy=gy, rx=round(st.s * 0.16), ry=round(st.s * 0.05), fill=mix(p.accent, p.near, 0.35))
    sx, sy = along(0.96)
    flight = [(sx - way * st.s * q * 0.95, sy + st.s * (0.10 * math.sin(5 * q + 0.6) + 0.24 * q) + r.u(-5, 5)) for q in (0, 0.25, 0.5, 0.75, 1.0, 1.25)]  # fmt: skip
    red = mix(p.accent, "#cf2b2b", 0.4)
    c.path(taper(flight, st.s * 0.05, st.s * 0.13), c.linear((0, red), (1, mix(red, p.near, 0.35))))
    c.path(land(st.tip(rolling(r, st.w, st.hy + st.h * 0.075, st.h * 0.014, 5)), st.h, curved=True), st.layer(0.97))
    grass = ""
    for _ in range(st.some(34)):
        gx, reach = r.u(-10, st.w + 10), st.h * r.u(0.03, 0.09)
        lean = -way * reach * r.u(0.2, 0.7)
        grass += f"M{at(gx, st.hy + st.h * 0.1)}q{lean * 0.15:.0f} {-reach * 0.7:.0f} {lean:.0f} {-reach:.0f}"
    c.line(grass, st.layer(1.0), 1.8)


def notes(st: Stage) -> None:
    """Paint a staff that winds through the sky like a ribbon, its notes alight, over hills or water."""
    c, r, p = st.c, st.r, st.p
    if r.chance(0.5):
        st.sea(st.hy)
    else:
        st.hills(3)
    phase, swing = r.u(0, 6.28), st.s * r.u(0.2, 0.3)
    tilt = st.side * r.u(0.2, 0.38)

    def height(x: float, line: float) -> float:
        q = (x - st.fx) / st.s
        spread = st.s * (0.085 + 0.03 * math.sin(1.1 * q + phase))
        return st.fy - st.s * 0.1 - tilt * (x - st.fx) + swing * math.sin(1.7 * q + phase) + (line - 2) * spread

    xs = [st.w * k / 6 for k in range(-1, 8)]
    band = smooth([(x, height(x, -0.6)) for x in xs]) + "L" + smooth([(x, height(x, 4.6)) for x in xs[::-1]])[1:] + "z"
    c.path(band, c.linear((0, p.light, 0.28), (1, p.accent, 0.1), x2=1, y2=0))
    c.path("".join(smooth([(x, height(x, line)) for x in xs]) for line in range(5)), stroke=p.light, stroke_width=1.4, opacity=0.7)  # fmt: skip
    heads, stems = "", ""
    q = st.s * 0.075
    for k in range(7):
        x = st.fx + (k - 3) * st.s * 0.36 + r.u(-9, 9)
        y = height(x, r.pick((0, 1, 1.5, 2, 2.5, 3)))
        heads += f"M{at(x - q, y)}a{n(q)} {n(q * 0.75)} -20 1 1 {n(2 * q)} {n(-q * 0.3)}a{n(q)} {n(q * 0.75)} -20 1 1 {n(-2 * q)} {n(q * 0.3)}"
        stems += f"M{at(x + q * 0.9, y - 2)}v{-q * 4.6:.0f}"
        if k % 3 == 0:
            stems += f"q{n(q * 0.3)} {n(q * 1.4)} {n(q * 1.3)} {n(q * 1.8)}"
        elif k % 3 == 1:
            ahead = st.s * 0.36
            stems += f"l{ahead:.0f} {height(x + ahead, 1) - height(x, 1):.0f}"
    c.circle(st.fx, st.fy, st.s * 1.2, c.radial((0, p.light, 0.42), (1, p.light, 0)))
    bright = mix(p.light, "#ffffff", 0.4)
    c.path(heads, bright)
    c.line(stems, bright, 3)
    sparks = "".join(glint(r.u(0.1, 0.9) * st.w, height(r.u(0, 1) * st.w, r.u(-3, 7)), size) for size in (11, 8, 6, 5))
    c.path(sparks, mix(p.accent, p.light, 0.5), opacity=0.9)


def arena(st: Stage) -> None:
    """Paint a ball at the top of its flight between floodlights, the court's lines running away."""
    c, r, p = st.c, st.r, st.p
    far, floor = st.layer(0.3), st.hy + st.h * 0.02
    stand = "".join(f"M0 {floor - 12 - 11 * k:.0f}H{st.w:.0f}" for k in range(5))
    c.path(land([(0, floor - st.h * 0.13), (st.w * 0.5, floor - st.h * 0.1), (st.w, floor - st.h * 0.13)], floor), st.fade(0.35, 0.6))  # fmt: skip
    c.path(stand, stroke=p.light, stroke_width=3, stroke_dasharray="2 7 2 11 2 5", opacity=0.35)
    poles, lamps, beams = "", "", ""
    for side in (-1, 1):
        x, y = st.fx + side * st.s * 1.05, st.fy - st.s * 0.62
        poles += f"M{at(x, floor)}V{y:.0f}"
        for k in range(8):
            lamps += f"M{at(x - 21 + 14 * (k % 4), y - 9 + 15 * (k // 4))}h0"
        beams += f"M{at(x, y)}L{at(x - side * st.s * 2.2, floor + 40)}L{at(x - side * st.s * 0.5, floor + 60)}z"
    c.path(beams, c.linear((0, p.light, 0.42), (1, p.light, 0)))
    c.line(poles, st.layer(0.8), 5)
    c.line(lamps, p.light, 17, opacity=0.3)
    c.line(lamps, mix(p.light, "#ffffff", 0.6), 9)
    c.rect(0, floor, st.w, st.h, c.linear((0, mix(p.low, far, 0.6)), (1, st.layer(0.95))))
    court = "".join(
        f"M{at(st.fx + k * st.s * 0.5, floor)}L{at(st.fx + k * st.s * 1.9, st.h)}" for k in (-2, -1, 0, 1, 2)
    )
    court += f"M0 {floor + st.h * 0.035:.0f}H{st.w:.0f}M0 {floor + st.h * 0.12:.0f}H{st.w:.0f}"
    c.path(court, stroke=p.light, stroke_width=2.4, opacity=0.5)
    q, bx, by = st.s * r.u(0.27, 0.34), st.fx + st.side * st.s * r.u(-0.1, 0.2), st.fy - st.s * r.u(0.0, 0.2)
    arc = f"M{at(bx - st.side * st.s * 1.5, floor)}Q{at(bx - st.side * st.s * 0.8, by - q * 0.6)} {at(bx, by)}"
    c.line(arc, p.light, 3, stroke_dasharray="1 13", opacity=0.8)
    warm = mix(p.accent, p.light, 0.15)
    c.circle(bx, by, q, c.radial((0, mix(warm, "#ffffff", 0.5)), (0.55, warm), (1, mix(warm, p.near, 0.6)), cx=0.35, cy=0.3, r=0.75))  # fmt: skip
    seams = f"M{at(bx - q, by)}Q{at(bx, by + q * 0.5)} {at(bx + q, by)}M{at(bx, by - q)}Q{at(bx + q * 0.5, by)} {at(bx, by + q)}"
    seams += f"M{at(bx - q * 0.7, by - q * 0.7)}Q{at(bx, by - q * 0.2)} {at(bx - q * 0.7, by + q * 0.7)}"
    c.path(seams, stroke=mix(warm, p.near, 0.7), stroke_width=2.2, opacity=0.8)


def comet(st: Stage) -> None:
    """Paint a comet that parts over a valley, and two people on a crest who watch it."""
    c, r, p = st.c, st.r, st.p
    way = st.side
    hx, hy = st.fx + way * st.s * r.u(0.25, 0.5), st.fy + st.s * r.u(-0.05, 0.2)
    tail, core = "", ""
    for k, bend in enumerate((0.0, 0.16, 0.34)):
        ex, ey = hx - way * st.s * (1.9 - 0.35 * k), hy - st.s * (1.35 - 0.75 * bend + 0.1 * k)
        mid = ((hx + ex) / 2 + way * st.s * 0.12, (hy + ey) / 2 - st.s * (0.14 - bend))
        tail += taper([(hx, hy), mid, (ex, ey)], st.s * 0.05, st.s * (0.4 - 0.1 * k))
        core += f"M{at(hx, hy)}Q{at(*mid)} {at(ex, ey)}"
    ends = {"x1": 0.5 + way * 0.5, "x2": 0.5 - way * 0.5, "y1": 1, "y2": 0}
    fading = c.linear((0, p.light, 0.75), (0.86, mix(p.light, p.accent, 0.6), 0), **ends)
    c.path(tail, fading)
    c.path(core, stroke=fading, stroke_width=2)
    c.circle(hx, hy, st.s * 0.42, c.radial((0, p.light, 0.9), (1, p.light, 0)))
    c.circle(hx, hy, st.s * 0.06, "#ffffff")
    for k, depth in enumerate((0.15, 0.42)):
        line = st.tip(rolling(r, st.w, st.hy - st.h * (0.06 - 0.07 * k), st.h * 0.04, 5))
        c.path(land(line, st.h, curved=True), st.fade(depth, 0.8))
        if k == 0:
            st.mist(st.hy + st.h * 0.02, st.h * 0.1, 0.6)
    x, y = st.fx - way * st.s * r.u(0.35, 0.6), st.hy + st.h * 0.07
    crest = [(-20.0, y + 26), (x - 70, y + 6), (x, y), (x + 80, y + 14), (st.w + 20, y + 52)]
    c.path(land(crest, st.h, curved=True), st.layer(0.98))
    people = ""
    for dx, tall in ((-9, 1.0), (10, 0.88)):
        q = st.s * 0.34 * tall
        px = x + dx * st.s / 120
        people += f"M{at(px - q * 0.11, y - q * 0.84)}a{n(q * 0.11)} {n(q * 0.12)} 0 1 1 {n(q * 0.22)} 0a{n(q * 0.11)} {n(q * 0.12)} 0 1 1 {n(-q * 0.22)} 0"
        flare = q * (0.26 if dx > 0 else 0.16)
        people += f"M{n(px - q * 0.1)} {n(y - q * 0.7)}h{n(q * 0.2)}L{n(px + flare)} {n(y - q * 0.28)}l{n(-flare * 0.4)} {n(q * 0.36)}h{n(-flare * 1.2)}L{n(px - flare)} {n(y - q * 0.28)}z"
    c.path(people, p.near)
