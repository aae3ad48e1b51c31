"""The server's side of package wire, and the inputs of package workload, for peers in Python.

Standard output belongs to the protocol; whatever else prints goes to standard error.
"""
import os
import re
import sys
import time

OUT = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

CHECK, A, B, C, WEIGHT = 0, 1, 2, 3, 16  # streams
STEPS = 3  # training steps of an answer
SCALAR_X, SCALAR_K = 0.5, 0.999


class Unsupported(Exception):
    pass


def absent(why):
    """Answers the greeting of a client with the reason why this peer cannot run, and ends."""
    sys.stdin.readline()
    print("absent", " ".join(str(why).split()), file=OUT)
    sys.exit(0)


try:
    import numpy as np
except Exception as e:  # a broken installation raises more than ImportError
    absent(e)


def fill(stream, n, scale, dtype):
    z = (np.uint64(stream << 32) + np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (((z >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1) * scale).astype(dtype)


def check(v):
    """The sum of an array's elements times the check stream, and the norm of the terms."""
    terms = np.asarray(v, np.float64).ravel()
    terms = terms * fill(CHECK, terms.size, 1, np.float64)
    return [terms.sum(), np.sqrt((terms * terms).sum())]


def moved(after, before):
    return check(np.asarray(after, np.float64) - np.asarray(before, np.float64))


def number(v):
    return [float(v), abs(float(v))]


class Case:
    """A case by its name, as workload.Parse."""

    def __init__(self, name):
        self.name = name
        self.kind = re.match("[a-z]+", name)[0]
        self.f64 = "_f64_" in name or self.kind == "scalar"
        self.dtype = np.float64 if self.f64 else np.float32
        if self.kind == "gemm":
            self.form = name.split("_")[2]
            self.m, self.k, self.n = (int(s) for s in name.split("_")[3].split("x"))
        elif self.kind in ("mlp", "nielsen"):
            self.batch = int(name.rsplit("_b", 1)[1])
            self.widths = (784, 512, 256, 10) if self.kind == "mlp" else (784, 30, 10)
            self.rate = 0.01 if self.kind == "mlp" else 0.1
        elif self.kind == "chain":
            self.n = int(name.rsplit("_n", 1)[1])
        elif self.kind == "conv":
            self.form = name.split("_")[2]
            sizes = (int(s) for s in re.findall(r"\d+", name.split("_", 3)[3]))
            self.batch, self.i, self.o, self.groups, self.kernel, self.stride, self.n = sizes
        elif self.kind == "linalg":
            form, batch, n = name.split("_")[2:]
            self.gradient = form.endswith("grad")
            self.form = form.removesuffix("grad")
            self.batch, self.n = int(batch[1:]), int(n[1:])
        elif self.kind == "scalar":
            self.n = int(name[len("scalar"):])

    def operands(self):
        a, b = fill(A, self.m * self.k, 1, self.dtype), fill(B, self.k * self.n, 1, self.dtype)
        a = a.reshape((self.k, self.m) if self.form[0] == "t" else (self.m, self.k))
        b = b.reshape((self.n, self.k) if self.form[1] == "t" else (self.k, self.n))
        return a, b

    def weights(self):
        w = self.widths
        return [fill(WEIGHT + l, i * o, 1 / 16, self.dtype).reshape(i, o) for l, (i, o) in enumerate(zip(w, w[1:]))]

    def inputs(self):
        return fill(A, self.batch * self.widths[0], 1, self.dtype).reshape(self.batch, self.widths[0])

    def labels(self):
        return np.arange(self.batch) % 10

    def images(self):
        """x, w and y of workload.Case.Shapes."""
        places = (self.n + 2 * (self.kernel // 2) - self.kernel) // self.stride + 1
        terms = self.i // self.groups * self.kernel**2
        scale = 2.0 ** -int(np.log2(terms) / 2 + 0.5)

        def of(stream, scale, *shape):
            return fill(stream, int(np.prod(shape)), scale, self.dtype).reshape(shape)

        return (of(A, 1, self.batch, self.i, self.n, self.n),
                of(WEIGHT, scale, self.o, self.i // self.groups, self.kernel, self.kernel),
                of(B, 1, self.batch, self.o, places, places))

    def systems(self):
        """The matrices, vectors r and c, and right sides of workload.System; without a batch if there is but one."""
        b, n = self.batch, self.n

        def rows(stream):
            return fill(stream, b * n, 1, np.float64).reshape(b, n, 1)

        def reflection(x):
            return np.eye(n) - 2 * x * x.swapaxes(1, 2) / (x * x).sum(1, keepdims=True)

        u, v, r, c = rows(A), rows(B), rows(C), rows(WEIGHT)
        if self.form in ("eigh", "cholesky"):
            v, c = u, r
        a = (reflection(u) * (1 + 2 * np.arange(1, n + 1) / n)) @ reflection(v)
        right = fill(WEIGHT + 1, b * n * n, 1, np.float64).reshape(b, n, n)
        return [x[0] if b == 1 else x for x in (a, r, c, right)]

    def vectors(self):
        return (fill(s, self.n, scale, self.dtype) for s, scale in ((A, 2), (B, 1), (C, 1)))


def factored(case, first):
    """The first of the factors, an answer's, with a positive diagonal if it is R."""
    if case.form == "qr":
        first = np.asarray(first) * np.sign(np.diagonal(first, axis1=-2, axis2=-1))[..., None]
    return check(first)


def training_answer(case, step, params):
    """Takes steps; params returns the weights [in, out] and biases after them, by turns."""
    sums = []
    for _ in range(STEPS):
        sums += number(step())
    after = params()
    for first, w, b in zip(case.weights(), after[::2], after[1::2]):
        sums += moved(w, first) + check(b)
    return sums


def serve(version, prepare):
    """Prepare returns, for a case, one iteration and the function that computes its answer."""
    step = answer = None

    def do(words):
        nonlocal step, answer
        if words[0] == "hello":
            return version
        if words[0] == "prepare":
            step = answer = None
            step, answer = prepare(Case(words[1]))
            return ""
        if words[0] == "answer":
            return " ".join(repr(float(x)) for x in answer())
        if words[0] == "run":
            n, times = int(words[1]), []
            for _ in range(int(words[2])):
                start = time.perf_counter()
                for _ in range(n):
                    step()
                times.append("%.6g" % ((time.perf_counter() - start) / n * 1e6))
            return " ".join(times)
        if words[0] == "allocs":
            return "none"
        raise ValueError("no such command: " + words[0])

    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        try:
            reply = "ok " + do(words)
        except Unsupported as e:
            reply = "unsupported " + " ".join(str(e).split())
        except Exception as e:
            reply = "error " + " ".join(f"{type(e).__name__}: {e}".split())[:300]
        print(reply.strip(), file=OUT)
