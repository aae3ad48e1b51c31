"""NumPy with gradients written by hand, products by the BLAS below it."""
import wire

np = wire.np


def gemm(case):
    a, b = case.operands()
    a, b = a.T if case.form[0] == "t" else a, b.T if case.form[1] == "t" else b
    out = np.empty((case.m, case.n), case.dtype)

    def step():
        np.matmul(a, b, out=out)

    def answer():
        step()
        return wire.check(out)

    return step, answer


def softmax(z, y):
    """The cross-entropy of softmax(z) and its derivative by z."""
    e = z - z.max(1, keepdims=True)
    p = np.exp(e)
    s = p.sum(1, keepdims=True)
    cost = ((np.log(s[:, 0]) - (e * y).sum(1))).mean()
    p /= s
    p -= y
    p /= z.dtype.type(len(z))
    return cost, p


def training(case):
    w, b = case.weights(), [np.zeros(o, case.dtype) for o in case.widths[1:]]
    x, y = case.inputs(), np.eye(10, dtype=case.dtype)[case.labels()]
    rate, last, sigmoid = case.dtype(case.rate), len(w) - 1, case.kind == "nielsen"

    def step():
        a = [x]
        for l in range(last + 1):
            z = a[-1] @ w[l]
            z += b[l]
            if sigmoid:
                z = 1 / (1 + np.exp(-z))
            elif l < last:
                np.maximum(z, 0, out=z)
            a.append(z)
        if sigmoid:
            e = a[-1] - y
            cost = (e * e).mean()
            d = e * (a[-1] * (1 - a[-1])) * case.dtype(2 / y.size)
        else:
            cost, d = softmax(a[-1], y)
        for l in range(last, -1, -1):
            dw, db = a[l].T @ d, d.sum(0)
            if l:
                d = d @ w[l].T
                d *= a[l] * (1 - a[l]) if sigmoid else a[l] > 0
            dw *= rate
            w[l] -= dw
            b[l] -= rate * db
        return cost

    return step, lambda: wire.training_answer(case, step, lambda: [p for pair in zip(w, b) for p in pair])


def chain(case):
    x, w, b = case.vectors()

    def step():
        t, s = np.tanh(x * w + b), 1 / (1 + np.exp(-x))
        return (t * s).sum(), (1 - t * t) * w * s + t * s * (1 - s)

    def answer():
        y, grad = step()
        return wire.number(y) + wire.check(grad)

    return step, answer


def linalg(case):
    if case.gradient:
        raise wire.Unsupported("no gradients of factorizations")
    a, _, _, b = case.systems()
    f, of = {
        "eigh": (lambda: np.linalg.eigh(a), lambda y: y[0]),
        "svd": (lambda: np.linalg.svd(a, full_matrices=False), lambda y: y[1]),
        "qr": (lambda: np.linalg.qr(a), lambda y: y[1]),
        "cholesky": (lambda: np.linalg.cholesky(a), lambda y: y),
        "solve": (lambda: np.linalg.solve(a, b), lambda y: y),
        "inv": (lambda: np.linalg.inv(a), lambda y: y),
    }[case.form]
    return f, lambda: wire.factored(case, of(f()))


def prepare(case):
    makers = {"gemm": gemm, "mlp": training, "nielsen": training, "chain": chain, "linalg": linalg}
    if case.kind not in makers:
        raise wire.Unsupported("nothing to vectorise or compile by hand")
    return makers[case.kind](case)


wire.serve("NumPy " + np.__version__, prepare)
