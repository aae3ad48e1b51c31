"""Writes torch.tar.gz: small networks exported by PyTorch 1.13, with its outputs and its gradients by the parameters.

    python3 export.py torch.tar.gz       (Debian: python3-torch, python3-onnx)

A folder has model.onnx, input_0.pb …, output_0.pb … (a second set of another batch and length as input2_0.pb …), and
gradient_NAME.pb, of Σ ct·output with ct = 1, 2, 3 … modulo 7, less 3, for each parameter that keeps its name.
"""
import io, math, sys, tarfile, warnings
import numpy, torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 3, 5, padding=2), nn.Conv2d(3, 4, 3)
        self.f1, self.f2 = nn.Linear(4 * 2 * 2, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.avg_pool2d(F.relu(self.c2(x)), 2, ceil_mode=True, count_include_pad=False)
        return F.log_softmax(self.f2(torch.tanh(self.f1(x.flatten(1)))), 1)


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.b1, self.b2 = nn.BatchNorm2d(b), nn.BatchNorm2d(b)
        self.skip = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.skip(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.layers = nn.Sequential(Block(4, 4, 1), Block(4, 6, 2))
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = self.layers(F.relu(self.norm(self.stem(x))))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        def unit(a, b, stride):
            return nn.Sequential(nn.Conv2d(a, a, 3, stride, 1, groups=a, bias=False), nn.BatchNorm2d(a), nn.ReLU6(),
                                 nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.Hardswish())
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), unit(4, 6, 1), unit(6, 8, 2))
        self.up = nn.ConvTranspose2d(8, 3, 4, 2, 1)

    def forward(self, x):
        return F.interpolate(self.up(self.body(x)), scale_factor=2, mode="bilinear", align_corners=False)


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(d, 3 * d), nn.Linear(d, d), heads

    def forward(self, x, mask):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)).masked_fill(mask, -1e9).softmax(-1)
        return self.out((a @ v).transpose(1, 2).reshape(b, n, d))


class Layer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.n1, self.n2, self.a = nn.LayerNorm(d), nn.LayerNorm(d), Attention(d, heads)
        self.m = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x, mask):
        x = x + self.a(self.n1(x), mask)
        return x + self.m(self.n2(x))


class Bert(nn.Module):
    """Sentences padded with 0, their means of what is no padding, of length 1."""
    def __init__(self, d=8):
        super().__init__()
        self.words, self.places = nn.Embedding(20, d), nn.Embedding(16, d)
        self.layers = nn.ModuleList([Layer(d, 2), Layer(d, 2)])

    def forward(self, ids):
        pad = ids == 0
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]).unsqueeze(0))
        for l in self.layers:
            x = l(x, pad[:, None, None, :])
        w = (~pad).unsqueeze(-1).to(x.dtype)
        return F.normalize((x * w).sum(1) / w.sum(1).clamp(min=1e-9))


class GPT(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.words, self.places = nn.Embedding(20, d), nn.Parameter(torch.randn(16, d))
        self.layers, self.norm = nn.ModuleList([Layer(d, 2)]), nn.LayerNorm(d)

    def forward(self, ids):
        n = ids.shape[1]
        x = self.words(ids) + self.places[:n]
        for l in self.layers:
            x = l(x, torch.arange(n)[None, :] > torch.arange(n)[:, None])
        return self.norm(x) @ self.words.weight.t()


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.words = nn.Embedding(20, 6)
        self.r = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](6, 5, 2, bidirectional=True, batch_first=True)
        self.f = nn.Linear(10, 3)

    def forward(self, ids):
        return self.f(self.r(self.words(ids))[0])


class Misc(nn.Module):
    """Shapes, indices and orders as scripts write them."""
    def forward(self, x):
        y = torch.cat([x[:, ::2], x.roll(1, 1)[:, 1:3]], 1)
        top, at = y.topk(2, 1)
        z = torch.where(y > 0, y, y.exp() - 1).clamp(-0.5, 2).cumsum(1)
        return z.std(1, unbiased=False), top.sum(1), at.float(), torch.einsum("bi,bj->bij", z, x), F.pad(x, (1, 2), value=3), \
            z.reshape(-1, z.shape[1]).t(), x.norm(dim=1), x.abs().max(1)[0], F.softplus(x).prod(1), x.flip(1), x.repeat(2, 1).chunk(2, 0)[1]


def main(path):
    torch.manual_seed(5)
    mlp = nn.Sequential(nn.Linear(6, 8), nn.ELU(), nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 3), nn.Softmax(1))
    transformer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    image = lambda n, c, s: torch.randn(n, c, s, s)
    words = lambda b, n: torch.cat([torch.randint(1, 20, (b, n - 1)), torch.randint(0, 2, (b, 1)) * 3], 1)
    batch = {0: "batch"}
    text = {0: "batch", 1: "length"}
    cases = [("mlp", mlp, [torch.randn(4, 6)], [torch.randn(2, 6)], batch),
             ("lenet", LeNet(), [image(2, 1, 10)], [image(3, 1, 10)], batch), ("resnet", ResNet(), [image(2, 3, 8)], [image(1, 3, 8)], batch),
             ("mobilenet", MobileNet(), [image(2, 3, 8)], [image(1, 3, 8)], batch),
             ("transformer", transformer, [torch.randn(2, 5, 8)], [torch.randn(3, 5, 8)], batch),
             ("bert", Bert(), [words(3, 6)], [words(2, 9)], text), ("gpt", GPT(), [words(2, 7)], [words(3, 4)], text),
             ("misc", Misc(), [torch.randn(3, 6)], [torch.randn(2, 6)], batch)]
    cases += [(kind, Recurrent(kind), [words(3, 4)], [words(2, 6)], text) for kind in ("lstm", "gru", "rnn")]
    tar = tarfile.open(path, "w:gz")

    def add(name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

    def tensor(name, t):
        add(name, numpy_helper.from_array(numpy.ascontiguousarray(t.detach().numpy())).SerializeToString())

    for name, m, x, x2, axes in cases:
        for module in m.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-1, 1)
                module.running_var.uniform_(0.5, 2)
        m.train(name == "transformer")  # whose fast path has no export; it drops nothing
        for p in m.parameters():  # equal ones would be one in the file
            p.data.add_(0.1 * torch.randn_like(p))
        for opset in (9, 11, 12, 13, 14, 15, 16, 17):
            if name != "mlp" and opset not in (9, 13, 17) or opset == 9 and name in ("misc", "transformer", "gpt", "mobilenet"):
                continue
            folder = f"{name}_{opset}"
            f = io.BytesIO()
            with torch.no_grad():
                try:
                    torch.onnx.export(m, tuple(x), f, opset_version=opset, do_constant_folding=False, input_names=["x"],
                                      training=torch.onnx.TrainingMode.PRESERVE, dynamic_axes={"x": axes})
                except Exception as e:
                    print(folder, "not exported:", str(e).splitlines()[0][:100])
                    continue
            add(folder + "/model.onnx", f.getvalue())
            for kind, data in (("", x), ("2", x2)):
                out = m(*data)
                out = [o for o in (out if isinstance(out, tuple) else (out,))]
                for i, t in enumerate(data):
                    tensor(f"{folder}/input{kind}_{i}.pb", t)
                for i, t in enumerate(out):
                    tensor(f"{folder}/output{kind}_{i}.pb", t)
            m.zero_grad()
            out = m(*x)
            out = out if isinstance(out, tuple) else (out,)
            loss = sum((o * (torch.arange(1, o.numel() + 1) % 7 - 3).reshape(o.shape)).sum() for o in out)
            if loss.requires_grad:
                loss.backward()
                for n, p in m.named_parameters():
                    if p.grad is not None:
                        tensor(f"{folder}/gradient_{n}.pb", p.grad)
    tar.close()


main(sys.argv[1])
