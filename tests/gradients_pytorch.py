#!/usr/bin/env python3
"""Holds the trainer's loss, outputs and gradients against PyTorch's automatic differentiation on a small detector.

    python3 -m venv VENV && VENV/bin/pip install torch numpy
    VENV/bin/python tests/gradients_pytorch.py

Runs the ignored test that writes ours, builds the same network and loss in PyTorch, and prints the largest difference of each list of
gradients relative to its largest element. Exits with 1 when one exceeds 1e-3 (both sides compute in 32 bits).
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parent.parent
INPUT = (3, 32, 64)
# (name, output channels, pool after it)
STAGES = [("bundle1", 8, True), ("bundle2", 16, True), ("bundle3", 16, False)]
CENTRE, EXTENT, IOU, LEVEL, LEVEL_WEIGHT, REACH = 2.0, 1.0, 2.0, 3.0, 0.02, 8


def ours():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradients.safetensors"
        command = ["cargo", "test", "--release", "--quiet", "--test", "train", "--", "--ignored", "write_gradients_for_pytorch"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "BICO_GRADIENTS": str(path)}, check=True, stdout=subprocess.DEVNULL)
        data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    body = data[8 + size :]
    return {k: np.frombuffer(body[slice(*v["data_offsets"])], np.float32).copy() for k, v in header.items() if k != "__metadata__"}


def shape_iou(a, b):
    both = min(a[0], b[0]) * min(a[1], b[1])
    return both / (a[0] * a[1] + b[0] * b[1] - both)


def box_iou(a, b):
    """Of (centre x, centre y, width, height) boxes."""
    both = 1.0
    for axis in (0, 1):
        low = torch.maximum(a[axis] - a[axis + 2] / 2, b[axis] - b[axis + 2] / 2)
        high = torch.minimum(a[axis] + a[axis + 2] / 2, b[axis] + b[axis + 2] / 2)
        both = both * torch.clamp(high - low, min=0.0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def labels(h, w, target):
    cx, cy = (target[0] + target[2] / 2) * w, (target[1] + target[3] / 2) * h
    column, row = min(int(cx), w - 1), min(int(cy), h - 1)
    truth = torch.tensor([cx / w, cy / h, target[2], target[3]])
    cells = []
    for y in range(max(row - 1, 0), min(row + 1, h - 1) + 1):
        for x in range(max(column - 1, 0), min(column + 1, w - 1) + 1):
            near = torch.tensor([min(max(cx, x), x + 1) / w, min(max(cy, y), y + 1) / h, target[2], target[3]])
            share = 1.0 if (x, y) == (column, row) else float(box_iou(near, truth)) ** REACH
            cells.append((y, x, share))
    total = sum(c[2] for c in cells)
    cells = [c for c in cells if c[2] > 1e-3 * total]
    total = sum(c[2] for c in cells)
    return [(y, x, share / total) for y, x, share in cells], truth


def loss(output, anchors, target):
    h, w = output.shape[-2:]
    values = output.view(len(anchors), 5, h, w)
    best = max(range(len(anchors)), key=lambda a: shape_iou(anchors[a], target[2:]))
    level = torch.logsumexp(values[:, 4].reshape(-1), 0)
    total = LEVEL_WEIGHT * (level - LEVEL) ** 2
    cells, truth = labels(h, w, target)
    for y, x, share in cells:
        tx, ty, tw, th, confidence = values[best, :, y, x]
        sx, sy = torch.sigmoid(tx), torch.sigmoid(ty)
        box = torch.stack([(sx + x) / w, (sy + y) / h, anchors[best][0] * torch.exp(tw), anchors[best][1] * torch.exp(th)])
        want = torch.clamp(torch.stack([truth[0] * w - x, truth[1] * h - y]), 0, 1)
        off = (sx - want[0]) ** 2 + (sy - want[1]) ** 2
        extent = (tw - torch.log(truth[2] / anchors[best][0])) ** 2 + (th - torch.log(truth[3] / anchors[best][1])) ** 2
        total = total + share * (level - confidence + CENTRE * off + EXTENT * extent + IOU * (1 - box_iou(box, truth)))
    return total


def main():
    found = ours()
    tensors = {k: torch.tensor(v, requires_grad=k.startswith("params.")) for k, v in found.items()}
    x = tensors["images"].view(-1, *INPUT)

    def stage(x, name, groups, shape, norm):
        x = F.conv2d(x, tensors[f"params.{name}.weight"].view(shape), padding=shape[-1] // 2, groups=groups)
        if norm:
            x = F.batch_norm(x, None, None, tensors[f"params.{name}.gamma"], tensors[f"params.{name}.beta"], training=True, eps=1e-3)
            return torch.clamp(x, 0, 4)
        return x + tensors[f"params.{name}.beta"].view(1, -1, 1, 1)

    channels = INPUT[0]
    for name, out, pool in STAGES:
        x = stage(x, f"{name}_dw", channels, (channels, 1, 3, 3), True)
        x = stage(x, f"{name}_pw", 1, (out, channels, 1, 1), True)
        x = F.max_pool2d(x, 2) if pool else x
        channels = out
    x = stage(x, "head", 1, (10, channels, 1, 1), False)
    anchors, targets = found["anchors"].reshape(-1, 2), found["targets"].reshape(-1, 4)
    total = torch.stack([loss(o, anchors, t) for o, t in zip(x, torch.tensor(targets))]).mean()
    total.backward()

    worst = 0.0
    pairs = {"loss": (found["loss"], total.detach().numpy().reshape(1)), "outputs": (found["outputs"], x.detach().numpy().reshape(-1))}
    for key, tensor in tensors.items():
        if key.startswith("params.") and tensor.numel():
            pairs[key.removeprefix("params.")] = (found[key.replace("params.", "grads.")], tensor.grad.numpy())
    for key, (own, other) in pairs.items():
        difference = float(np.abs(own - other).max() / max(np.abs(other).max(), 1e-12))
        worst = max(worst, difference)
        print(f"{key:24} {difference:.1e}")
    print(f"largest relative difference {worst:.1e}")
    sys.exit(worst > 1e-3)


if __name__ == "__main__":
    main()
