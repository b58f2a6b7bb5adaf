#!/usr/bin/env python3
"""PyTorch on the networks that benches/train.rs trains: processor time of a step, against ours in the same run.

    python3 -m venv VENV && VENV/bin/pip install torch numpy
    VENV/bin/python benches/compare_pytorch.py [--rounds 3] [--threads 2]

Same layers, batch, optimiser and number of threads; both take turns within a round, so that other load on the machine hits both alike. Prints
one JSON object with the medians and the ratios ours / PyTorch (below 1 is faster). The loss is a cross entropy over the confidences plus
squared errors of the boxes, cheap in both.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

BATCH = 16
ROOT = Path(__file__).resolve().parent.parent
# (output channels, pool after it) of each bundle; SkyNet C adds its bypass.
UAV = [(16, True), (32, True), (64, True), (96, False), (96, False), (128, False), (128, False), (128, False)]
SKYNET = [(48, True), (96, True), (192, False), (384, False), (512, False)]


class Snap(torch.autograd.Function):
    """Rounds to multiples of 2^-frac inside a range; gradients pass straight through."""

    @staticmethod
    def forward(ctx, x, frac, low, high):
        return torch.clamp(torch.floor(x * 2**frac + 0.5), low, high) * 2.0**-frac

    @staticmethod
    def backward(ctx, grad):
        return grad, None, None, None


class Conv(nn.Module):
    def __init__(self, cin, cout, kernel, groups, quantised, activation=True):
        super().__init__()
        self.quantised, self.activation = quantised, activation
        norm = activation and not quantised
        self.conv = nn.Conv2d(cin, cout, kernel, padding=kernel // 2, groups=groups, bias=not norm)
        self.norm = nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03) if norm else None

    def forward(self, x):
        if self.quantised:
            weight = Snap.apply(self.conv.weight, 9, -1024, 1023)
            x = F.conv2d(x, weight, self.conv.bias, padding=self.conv.padding, groups=self.conv.groups)
        else:
            x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        if self.activation:
            x = torch.clamp(x, 0.0, 4.0)
        return Snap.apply(x, 6, -256, 255) if self.quantised else x


class Bundle(nn.Sequential):
    def __init__(self, cin, cout, quantised):
        super().__init__(Conv(cin, cin, 3, cin, quantised), Conv(cin, cout, 1, 1, quantised))


class Chain(nn.Module):
    def __init__(self, quantised):
        super().__init__()
        layers, cin = [], 3
        for cout, pool in UAV:
            layers.append(Bundle(cin, cout, quantised))
            if pool:
                layers.append(nn.MaxPool2d(2))
            cin = cout
        self.layers = nn.Sequential(*layers, Conv(cin, 10, 1, 1, quantised, activation=False))

    def forward(self, x):
        return self.layers(x)


class SkyNetC(nn.Module):
    def __init__(self, quantised):
        super().__init__()
        channels = [3] + [c for c, _ in SKYNET]
        self.bundles = nn.ModuleList(Bundle(a, b, quantised) for a, b in zip(channels, channels[1:]))
        self.last = Bundle(4 * 192 + 512, 96, quantised)
        self.head = Conv(96, 10, 1, 1, quantised, activation=False)

    def forward(self, x):
        for k, bundle in enumerate(self.bundles):
            x = bundle(x)
            if k == 2:
                bypass = F.pixel_unshuffle(x, 2)
            if k < 3:
                x = F.max_pool2d(x, 2)
        return self.head(self.last(torch.cat([bypass, x], 1)))


def loss(output, cells):
    n, _, h, w = output.shape
    values = output.view(n, 2, 5, h * w)
    confidence = F.cross_entropy(values[:, :, 4].reshape(n, -1), cells)
    boxes = values[:, 0, :4].gather(2, (cells % (h * w)).view(n, 1, 1).expand(n, 4, 1))
    return confidence + (boxes**2).sum(1).mean()


def measure(name, quantised, steps):
    torch.manual_seed(1)
    net = (Chain if name == "uav-detector" else SkyNetC)(quantised).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-5, weight_decay=0.0)
    images, cells = torch.rand(BATCH, 3, 160, 320), torch.randint(0, 800, (BATCH,))

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss(net(images), cells).backward()
        optimiser.step()

    step()
    usage = lambda: (lambda r: r.ru_utime + r.ru_stime)(resource.getrusage(resource.RUSAGE_SELF))
    wall, cpu = time.perf_counter(), usage()
    for _ in range(steps):
        step()
    return 1e3 * (time.perf_counter() - wall) / steps, 1e3 * (usage() - cpu) / steps


def ours(threads):
    command = ["cargo", "bench", "--quiet", "--bench", "train", "--", "--json"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "RAYON_NUM_THREADS": str(threads)}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    found = {}
    for _ in range(arguments.rounds):
        for row in ours(arguments.threads):
            key = (row["network"], row["quantised"])
            wall, cpu = measure(*key, steps=4)
            found.setdefault(key, []).append((row["cpu_ms"], cpu, row["wall_ms"], wall))
    out = {"torch": torch.__version__, "threads": arguments.threads, "rounds": arguments.rounds, "steps": []}
    for (network, quantised), rows in found.items():
        own, torch_, own_wall, torch_wall = (statistics.median(column) for column in zip(*rows))
        out["steps"].append(
            {
                "network": network,
                "quantised": quantised,
                "cpu_ms": round(own, 1),
                "torch_cpu_ms": round(torch_, 1),
                "cpu_ratio": round(own / torch_, 3),
                "wall_ratio": round(own_wall / torch_wall, 3),
            }
        )
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
