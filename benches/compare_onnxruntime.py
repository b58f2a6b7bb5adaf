#!/usr/bin/env python3
"""onnxruntime on the network that benches/kernels/main.rs runs: images/s in float and in int8, with 1 and 2 threads.

    python3 -m venv VENV && VENV/bin/pip install onnx onnxruntime numpy
    VENV/bin/python benches/compare_onnxruntime.py [--no-bypass] [--rounds 7] [--images 20]

Prints one JSON object. Each figure is the median over rounds; the configurations take turns within a round, so that other
load on the machine hits all alike. `cpu_ms` is user + system time for one image. Compare with frames/s of
`cargo bench --bench kernels -- --json` run directly before or after, on the same machine with the same number of threads.
"""

import argparse
import json
import os
import resource
import statistics
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

HEIGHT, WIDTH = 160, 320
CHANNELS = [48, 96, 192, 384, 512]
POOLED = 3


class Builder:
    """Collects nodes and random weights of a feed-forward network."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants, self.macs = [], [], 0

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind, inputs, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    def conv(self, x, cin, cout, kernel, groups, pixels, clip=True):
        name = f"w{len(self.constants)}"
        fan_in = cin // groups * kernel * kernel
        w = self.rng.normal(0, (2 / fan_in) ** 0.5, (cout, cin // groups, kernel, kernel)).astype(np.float32)
        b = self.rng.normal(0, 0.1, cout).astype(np.float32)
        self.macs += cout * fan_in * pixels
        pad = kernel // 2
        y = self.node(
            "Conv",
            [x, self.constant(name, w), self.constant(name + "_b", b)],
            kernel_shape=[kernel, kernel],
            pads=[pad] * 4,
            group=groups,
        )
        return self.node("Clip", [y, "zero", "six"]) if clip else y


def build(bypass):
    """The SkyNet-like network; returns the model and its MACs."""
    b = Builder(1)
    b.constant("zero", np.array(0, np.float32))
    b.constant("six", np.array(6, np.float32))
    x, c, h, w, side = "image", 3, HEIGHT, WIDTH, None
    for i, out in enumerate(CHANNELS):
        x = b.conv(x, c, c, 3, c, h * w)
        x = b.conv(x, c, out, 1, 1, h * w)
        c = out
        if i == POOLED - 1 and bypass:
            side = b.node("SpaceToDepth", [x], blocksize=2)
        if i < POOLED:
            x = b.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
            h, w = h // 2, w // 2
    if bypass:
        x = b.node("Concat", [side, x], axis=1)
        c += 4 * CHANNELS[POOLED - 1]
    x = b.conv(x, c, c, 3, c, h * w)
    x = b.conv(x, c, 96, 1, 1, h * w)
    x = b.conv(x, 96, 10, 1, 1, h * w, clip=False)
    graph = helper.make_graph(
        b.nodes,
        "skynet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 10, h, w])],
        b.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model, b.macs


class RandomImages(CalibrationDataReader):
    """Calibration on uniform noise: the speed does not depend on values."""

    def __init__(self, count):
        rng = np.random.default_rng(2)
        self.left = [{"image": rng.random((1, 3, HEIGHT, WIDTH), np.float32)} for _ in range(count)]

    def get_next(self):
        return self.left.pop() if self.left else None


def session(path, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0" if threads == 1 else "1")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(run, images):
    """Images/s by the wall clock, CPU milliseconds an image, and the shortest image in milliseconds."""
    wall, cpu, shortest = time.perf_counter(), cpu_s(), float("inf")
    for _ in range(images):
        start = time.perf_counter()
        run()
        shortest = min(shortest, time.perf_counter() - start)
    return images / (time.perf_counter() - wall), 1e3 * (cpu_s() - cpu) / images, 1e3 * shortest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-bypass", action="store_true", help="without the space-to-depth branch (0.36 GMAC)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=20, help="images a round and configuration")
    arguments = parser.parse_args()

    model, macs = build(not arguments.no_bypass)
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, int8 = (os.path.join(folder, f"{n}.onnx") for n in ("float", "prepared", "int8"))
        onnx.save(model, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            int8,
            RandomImages(4),
            quant_format=QuantFormat.QOperator,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        operators = sorted({n.op_type for n in onnx.load(int8).graph.node})
        image = {"image": np.random.default_rng(3).random((1, 3, HEIGHT, WIDTH), np.float32)}
        runs = {}
        for kind, path in (("float", plain), ("int8", int8)):
            for threads in (1, 2):
                s = session(path, threads)
                runs[f"{kind}_{threads}"] = lambda s=s: s.run(None, image)
        for run in runs.values():
            for _ in range(3):
                run()
        samples = {name: [] for name in runs}
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                samples[name].append(measure(run, arguments.images))

    report = {"onnxruntime": ort.__version__, "gmac": round(macs / 1e9, 4), "int8_operators": operators}
    for name, values in samples.items():
        report[name] = {
            "images_per_s": round(statistics.median(v[0] for v in values), 1),
            "cpu_ms": round(statistics.median(v[1] for v in values), 2),
            "shortest_ms": round(min(v[2] for v in values), 2),
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
