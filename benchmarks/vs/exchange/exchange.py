"""Loads ours.safetensors into PyTorch, computes with it, and writes the same weights in other files."""
import json
import struct
import sys

import numpy as np
import torch

folder = sys.argv[1] + "/"
TYPES = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}

try:
    from safetensors.torch import load_file, save_file

    print("Python reads and writes with the package safetensors")
except ImportError:
    print("Python reads and writes by the words of the format")

    def load_file(path):
        data = open(path, "rb").read()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        tensors = {}
        for name, about in header.items():
            begin, end = (8 + length + o for o in about["data_offsets"])
            flat = torch.frombuffer(bytearray(data[begin:end]), dtype=TYPES[about["dtype"]])
            tensors[name] = flat.reshape(about["shape"])
        return tensors

    def save_file(tensors, path, metadata=None):
        header, parts, at = {"__metadata__": metadata} if metadata else {}, [], 0
        for name, t in tensors.items():
            raw = t.contiguous().flatten().view(torch.uint8).numpy().tobytes()
            dtype = next(k for k, v in TYPES.items() if v == t.dtype)
            header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
            parts.append(raw)
            at += len(raw)
        text = json.dumps(header).encode()
        with open(path, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))


model = Model()
print(model.load_state_dict(load_file(folder + "ours.safetensors")))
x = torch.from_numpy(np.load(folder + "x.npz")["x"])
with torch.no_grad():
    np.savez_compressed(folder + "output.npz", y=model.net(x).numpy())

state = dict(model.state_dict())
save_file(state, folder + "theirs.safetensors", {"format": "pt"})
np.savez(folder + "theirs.npz", **{k: v.numpy() for k, v in state.items()})
save_file({k: v.half() for k, v in state.items()}, folder + "half.safetensors")
save_file({k: v.bfloat16() for k, v in state.items()}, folder + "brain.safetensors")
shards = {}
for i, part in enumerate(("net.0.", "net.2.")):
    name = f"model-0000{i + 1}-of-00002.safetensors"
    save_file({k: v for k, v in state.items() if k.startswith(part)}, folder + name)
    shards.update({k: name for k in state if k.startswith(part)})
with open(folder + "model.safetensors.index.json", "w") as f:
    json.dump({"metadata": {}, "weight_map": shards}, f)
