#!/usr/bin/env python3
"""Writes the tables that the tests of this package hold functions against: name, arguments, value, by mpmath 1.3.

usage: tables.py >special.tsv
"""
from mpmath import mp, mpf
import mpmath as m

mp.dps = 40


def row(name, value, *args):
    print(name, *[repr(float(a)) for a in args], mp.nstr(value, 20), sep="\t")


points = [mpf(float(x)) for x in
          "1e-20 0.001 0.125 0.4375 0.5625 1 1.5 2.75 5.125 8 11.5 13 20.25 28.5 31 50.75 110 300.5 690 708.25 5000.5".split()]
for n in (0, 1, 2, 5, 17):
    for x in points:
        row("i", m.besseli(n, x) if x < 713 else mpf("inf"), n, x)
        row("ie", m.besseli(n, x) * m.exp(-x), n, x)
        row("k", m.besselk(n, x), n, x)
        row("ke", m.besselk(n, x) * m.exp(x), n, x)
        row("j", m.besselj(n, x), n, x)
        row("y", m.bessely(n, x), n, x)

def slope(f, n, x, k, scale):
    """The k-th derivative of exp(scale*x)*f(n, x) by differences of orders: with scale = -1 for I, 1 for K."""
    total = mpf(0)
    for j in range(2 * k + 1):
        total += m.binomial(2 * k, j) * (-1) ** j * f(abs(n + j - k), x)
    return (-scale) ** k * total / mpf(2) ** k * m.exp(scale * x)


for n in (0, 1, 3):
    for k in (1, 2, 4):
        for x in (mpf("0.0625"), mpf("0.75"), mpf(3), mpf("12.5"), mpf(29), mpf(45), mpf(700)):
            row("ie_slope", slope(m.besseli, n, x, k, -1), n, k, x)
            row("ke_slope", slope(m.besselk, n, x, k, 1), n, k, x)


for a in ("1e-10 0.001 0.3 0.75 1 2.5 9 11.5 40 1000".split()):
    for t in ("0.001 0.25 0.9 1 1.1 1.75 6".split()):
        a, x = mpf(float(a)), mpf(float(mpf(float(a)) * mpf(t)))
        row("gamma_p", m.gammainc(a, 0, x, regularized=True), a, x)
        row("gamma_q", m.gammainc(a, x, m.inf, regularized=True), a, x)
        density = x ** (a - 1) * m.exp(-x) / m.gamma(a)
        row("gamma_density", density, a, x)
        if 0.1 < a < 50:
            for k in (1, 2):
                lower, upper, sign = (0, x, 1) if x < a else (x, m.inf, -1)
                d = sign * m.diff(lambda s: m.gammainc(s, lower, upper, regularized=True), a, k)
                row("gamma_slope", -d / density, k, a, x)
for s in ("1.0625 1.5 2 3 7.25 30".split()):
    for q in ("0.001 0.5 1 2.25 13 200".split()):
        s, q = mpf(s), mpf(float(q))
        mp.dps = 120
        row("zeta", m.zeta(s, q), s, q)
        mp.dps = 40
