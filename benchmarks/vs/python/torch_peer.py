"""PyTorch, eager: autograd, and all parameters updated by one call, which is faster than torch.optim.SGD."""
import os

import wire

try:
    import torch
    import torch.nn.functional as F
except Exception as e:
    wire.absent(e)

np = wire.np
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def gemm(case):
    a, b = (torch.from_numpy(v) for v in case.operands())
    a, b = a.t() if case.form[0] == "t" else a, b.t() if case.form[1] == "t" else b
    out = torch.empty((case.m, case.n), dtype=a.dtype)

    def step():
        torch.mm(a, b, out=out)

    def answer():
        step()
        return wire.check(out.numpy())

    return step, answer


def training(case):
    layers = []
    for w in case.weights():
        linear = torch.nn.Linear(*w.shape).to(torch.float64 if case.f64 else torch.float32)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T.copy()))
            linear.bias.zero_()
        layers += [linear, torch.nn.Sigmoid() if case.kind == "nielsen" else torch.nn.ReLU()]
    if case.kind == "mlp":
        layers.pop()
    net = torch.nn.Sequential(*layers)
    x, labels = torch.from_numpy(case.inputs()), torch.from_numpy(case.labels())
    if case.kind == "mlp":
        cost, y = F.cross_entropy, labels
    else:
        cost, y = F.mse_loss, F.one_hot(labels, 10).to(x.dtype)
    params = list(net.parameters())

    def step():
        value = cost(net(x), y)
        grads = torch.autograd.grad(value, params)
        with torch.no_grad():
            torch._foreach_add_(params, grads, alpha=-case.rate)
        return value

    def after():
        return [p.detach().numpy().T for p in params]

    return step, lambda: wire.training_answer(case, step, after)


def chain(case):
    x, w, b = (torch.from_numpy(v) for v in case.vectors())
    x.requires_grad_()

    def step():
        y = (torch.tanh(x * w + b) * torch.sigmoid(x)).sum()
        return y, torch.autograd.grad(y, x)[0]

    def answer():
        y, grad = step()
        return wire.number(y) + wire.check(grad.numpy())

    return step, answer


def scalar(case):
    x = torch.tensor(wire.SCALAR_X, dtype=torch.float64, requires_grad=True)
    k = torch.tensor(wire.SCALAR_K, dtype=torch.float64)

    def step():
        v = x
        for _ in range(case.n // 4):
            v = torch.tanh(v * k + x) - x
        return v, torch.autograd.grad(v, x)[0]

    def answer():
        v, dv = step()
        return wire.number(v) + wire.number(dv)

    return step, answer


def linalg(case):
    a, r, c, b = (torch.from_numpy(np.ascontiguousarray(x)) for x in case.systems())
    f, of, whole = {
        "eigh": (torch.linalg.eigh, lambda y: y[0], lambda y: (y[1] * (y[0] ** 2)[..., None, :]) @ y[1].mT),
        "svd": (lambda a: torch.linalg.svd(a, full_matrices=False), lambda y: y[1],
                lambda y: (y[0] * (y[1] ** 3)[..., None, :]) @ y[2]),
        "qr": (torch.linalg.qr, lambda y: y[1], lambda y: y[0] @ y[1]),
        "cholesky": (torch.linalg.cholesky, lambda y: y, lambda y: y @ y.mT),
        "solve": (lambda a: torch.linalg.solve(a, b), lambda y: y, lambda y: y),
        "inv": (torch.linalg.inv, lambda y: y, lambda y: y),
    }[case.form]
    if not case.gradient:
        return lambda: f(a), lambda: wire.factored(case, of(f(a)).numpy())
    a.requires_grad_()

    def step():
        y = ((r.mT @ whole(f(a))) * c.mT).sum()
        return torch.autograd.grad(y, a)[0]

    return step, lambda: wire.check(step().numpy())


def conv(case):
    x, w, y = (torch.from_numpy(np.ascontiguousarray(v)) for v in case.images())
    stride, padding = [case.stride] * 2, [case.kernel // 2] * 2

    def step():
        with torch.no_grad():
            if case.form == "fwd":
                return F.conv2d(x, w, None, stride, padding, 1, case.groups)
            mask = [case.form == "gradx", case.form == "gradw", False]
            gradients = torch.ops.aten.convolution_backward(y, x, w, None, stride, padding, [1, 1], False, [0, 0], case.groups, mask)
            return gradients[mask.index(True)]

    return step, lambda: wire.check(step().numpy())


def prepare(case):
    makers = {"gemm": gemm, "mlp": training, "nielsen": training, "chain": chain, "scalar": scalar, "linalg": linalg,
              "conv": conv}
    if case.kind not in makers:
        raise wire.Unsupported("eager: nothing is compiled")
    return makers[case.kind](case)


wire.serve(f"PyTorch {torch.__version__}", prepare)
