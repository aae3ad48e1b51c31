# Writes slopes.tsv: python3 slopes.py > slopes.tsv. First and second derivatives of elementary functions by their
# formulas, with mpmath at 400 digits, at arguments that float32 (and, marked f64, only float64) holds exactly.
from mpmath import mp, mpf
import struct

mp.dps = 400

def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]

one = mpf(1)
sech2 = lambda x: 1 / mp.cosh(x) ** 2
sig = lambda x: 1 / (1 + mp.exp(-x))
bell = lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)
table = {
    "exp": (mp.exp, mp.exp), "expm1": (mp.exp, mp.exp),
    "exp2": (lambda x: mp.log(2) * mpf(2) ** x, lambda x: mp.log(2) ** 2 * mpf(2) ** x),
    "log": (lambda x: 1 / x, lambda x: -1 / x**2), "log1p": (lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2),
    "log2": (lambda x: 1 / x / mp.log(2), lambda x: -1 / x**2 / mp.log(2)),
    "log10": (lambda x: 1 / x / mp.log(10), lambda x: -1 / x**2 / mp.log(10)),
    "sqrt": (lambda x: 1 / (2 * mp.sqrt(x)), lambda x: -1 / (4 * x * mp.sqrt(x))),
    "cbrt": (lambda x: 1 / (3 * mp.cbrt(x) ** 2), lambda x: -2 / (9 * x * mp.cbrt(x) ** 2)),
    "reciprocal": (lambda x: -1 / x**2, lambda x: 2 / x**3),
    "sin": (mp.cos, lambda x: -mp.sin(x)), "cos": (lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    "tan": (lambda x: 1 / mp.cos(x) ** 2, lambda x: 2 * mp.tan(x) / mp.cos(x) ** 2),
    "asin": (lambda x: 1 / mp.sqrt(1 - x * x), lambda x: x / (1 - x * x) / mp.sqrt(1 - x * x)),
    "acos": (lambda x: -1 / mp.sqrt(1 - x * x), lambda x: -x / (1 - x * x) / mp.sqrt(1 - x * x)),
    "atan": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "sinh": (mp.cosh, mp.sinh), "cosh": (mp.sinh, mp.cosh),
    "asinh": (lambda x: 1 / mp.sqrt(1 + x * x), lambda x: -x / (1 + x * x) / mp.sqrt(1 + x * x)),
    "acosh": (lambda x: 1 / mp.sqrt(x * x - 1), lambda x: -x / (x * x - 1) / mp.sqrt(x * x - 1)),
    "atanh": (lambda x: 1 / (1 - x * x), lambda x: 2 * x / (1 - x * x) ** 2),
    "tanh": (sech2, lambda x: -2 * mp.tanh(x) * sech2(x)),
    "sigmoid": (lambda x: sig(x) * sig(-x), lambda x: sig(x) * sig(-x) * (sig(-x) - sig(x))),
    "softplus": (sig, lambda x: sig(x) * sig(-x)),
    "erf": (bell, lambda x: -2 * x * bell(x)), "erfc": (lambda x: -bell(x), lambda x: 2 * x * bell(x)),
}
unit = {"asin", "acos", "atanh"}
above = {"log", "log2", "log10", "sqrt", "cbrt"}
small = {"exp": 80, "expm1": 80, "exp2": 120, "sin": 1e5, "cos": 1e5, "tan": 1e5, "sinh": 80, "cosh": 80, "tanh": 40,
         "sigmoid": 80, "softplus": 80, "erf": 5, "erfc": 5}
points = [f32(x) for x in (1e-30, 1e-12, 1e-5, 0.3, 0.9, 3, 17, 40, 1e5, 1e10, 1e15)] + [1 - 2.0**-20, 1 + 2.0**-20]
wide = [1e-200, 1e-100, 1 - 2.0**-50, 1 + 2.0**-50, 1e100, 1e140]
for name, (first, second) in table.items():
    for kind, xs in (("", points), ("f64", wide)):
        for x in sorted(xs + ([] if name in above or name == "acosh" else [-v for v in xs])):
            if name in unit and abs(x) >= 1 or name == "acosh" and x <= 1 or name == "log1p" and x <= -1:
                continue
            if abs(x) > small.get(name, 1e200):
                continue
            v = mpf(x)
            print(name, x.hex(), mp.nstr(first(v), 20), mp.nstr(second(v), 20), kind, sep="\t")
