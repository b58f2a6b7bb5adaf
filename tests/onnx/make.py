#!/usr/bin/env python3
"""Makes the models of this folder and what onnxruntime computes from them, for tests/model_import.rs.

    python3 -m venv VENV && VENV/bin/pip install onnx onnxruntime safetensors numpy
    VENV/bin/python tests/onnx/make.py             # writes NAME.onnx and NAME.safetensors (pixels, output) beside itself
    VENV/bin/python tests/onnx/make.py FILE.onnx OUT.safetensors [LOW HIGH [OUTPUT]]    # the second for any model, of an image from LOW to HIGH

Pixels are whole numbers of 0 to 255; the model sees them scaled as `bico import --range` says.
"""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent


class Net:
    """Nodes and weights of a model, in order."""

    def __init__(self, channels, height, width, seed=1):
        self.nodes, self.weights, self.rng = [], [], np.random.default_rng(seed)
        self.image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", channels, height, width])

    def constant(self, name, values):
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weight(self, name, *shape):
        fan_in = max(1, int(np.prod(shape[1:])))
        return self.constant(name, (self.rng.uniform(-1, 1, shape) * np.sqrt(6 / fan_in)).astype(np.float32))

    def per_channel(self, name, low, high, *shape):
        return self.constant(name, self.rng.uniform(low, high, shape).astype(np.float32))

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"/net/{name}/{op}", **attributes))
        return name

    def conv(self, source, name, channels, per_group, kernel=1, bias=True, **attributes):
        inputs = [source, self.weight(f"{name}.w", channels, per_group, kernel, kernel)]
        if bias:
            inputs.append(self.per_channel(f"{name}.b", -0.2, 0.2, channels))
        return self.node("Conv", inputs, name, kernel_shape=[kernel, kernel], **attributes)

    def batch_norm(self, source, name, channels):
        parts = [(0.5, 1.5), (-0.3, 0.3), (-0.3, 0.3), (0.5, 2.0)]
        names = [self.per_channel(f"{name}.{k}", low, high, channels) for k, (low, high) in enumerate(parts)]
        return self.node("BatchNormalization", [source, *names], name)

    def save(self, name, output, opset=13):
        info = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, name, [self.image], [info], self.weights)
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("qonnx.custom_op.general", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="make.py")
        onnx.save(model, HERE / f"{name}.onnx")


def classifier():
    """A small MobileNet: normalised image, inverted residual, batch norm before and behind, classes at the end."""
    net = Net(3, 23, 30)
    x = net.conv("image", "stem", 8, 3, 3, bias=False, strides=[2, 2], auto_pad="SAME_UPPER")
    x = net.batch_norm(x, "stem.bn", 8)
    x = net.node("Clip", [x, net.constant("zero", np.float32(0)), net.constant("six", np.float32(6))], "stem.relu6")
    y = net.batch_norm(net.conv(x, "expand", 16, 8, bias=False), "expand.bn", 16)
    y = net.node("Relu", [y], "expand.relu")
    y = net.conv(y, "depthwise", 16, 1, 3, group=16, pads=[1, 1, 1, 1])
    y = net.node("Relu", [y], "depthwise.relu")
    y = net.batch_norm(net.conv(y, "project", 8, 16), "project.bn", 8)
    x = net.node("Add", [y, x], "residual")
    x = net.node("MaxPool", [x], "pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    # Nothing before it takes this norm in, and a padded convolution follows.
    x = net.batch_norm(x, "late.bn", 8)
    x = net.conv(x, "grouped", 12, 4, 3, group=2, pads=[1, 1, 1, 1])
    x = net.node("MaxPool", [x], "pool2", kernel_shape=[2, 2], strides=[2, 2])
    x = net.node("Relu", [x], "pool2.relu")
    x = net.node("GlobalAveragePool", [x], "mean")
    x = net.node("Flatten", [x], "flat")
    x = net.node("Gemm", [x, net.weight("fc.w", 10, 12), net.per_channel("fc.b", -0.1, 0.1, 10)], "fc", transB=1)
    net.node("Softmax", [x], "softmax")
    net.save("classifier", "softmax")


def detector():
    """Branches: names that are shared, zeros around and beside maps, upsampling, concatenation, constants in sums and products."""
    net = Net(3, 16, 24, seed=2)
    x = net.node("Sub", ["image", net.constant("mean", np.float32([0.4, 0.4, 0.4]).reshape(1, 3, 1, 1))], "centred")
    x = net.node("Div", [x, net.constant("deviation", np.float32([0.2, 0.25, 0.3]).reshape(1, 3, 1, 1))], "normal")
    x = net.node("Pad", [x, net.constant("pads", np.int64([0, 0, 0, 0, 0, 0, 1, 1])), net.constant("fill", np.float32(0))], "padded")
    x = net.conv(x, "stem", 8, 3, 2, strides=[1, 1])
    x = net.node("LeakyRelu", [x], "stem.leaky", alpha=0.125)
    again = net.node("Identity", [x], "again")
    positive = net.node("Relu", [again], "positive")
    deep = net.node("AveragePool", [positive], "averaged", kernel_shape=[2, 2], strides=[2, 2])
    deep = net.conv(deep, "deep", 6, 8, 3, dilations=[2, 2], pads=[2, 2, 2, 2])
    deep = net.node("Mul", [net.constant("gain", np.float32(0.5)), deep], "gained")
    deep = net.node("Add", [deep, net.per_channel("offset", -0.2, 0.2, 6, 1, 1)], "moved")
    wide = net.node("Concat", [deep, net.constant("zeros", np.zeros((1, 2, 8, 12), np.float32))], "widened", axis=1)
    up = net.node("Resize", [wide, "", net.constant("factors", np.float32([1, 1, 2, 2]))], "up", mode="nearest",
                  coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    sums = net.node("Add", [x, up], "sum")
    both = net.node("Concat", [sums, positive], "both", axis=1)
    small = net.node("SpaceToDepth", [both], "small", blocksize=2)
    x = net.conv(small, "head", 10, 64)
    x = net.node("Transpose", [x], "last", perm=[0, 2, 3, 1])
    net.node("Reshape", [x, net.constant("shape", np.int64([1, -1, 5]))], "boxes")
    net.save("detector", "boxes")


def quantised(name, quantiser):
    """Steps of powers of two and zero points: integers and nothing else."""
    net = Net(3, 12, 14, seed=3)
    x = quantiser(net, "image", "q.image", 2.0 ** -8, 0, False)
    for k, (channels, per_group, kernel, group, stride) in enumerate([(8, 3, 3, 1, 2), (8, 1, 3, 8, 1), (12, 8, 1, 1, 1)]):
        integers = net.rng.integers(-127, 128, (channels, per_group, kernel, kernel))
        w = quantiser(net, integers, f"w{k}", 2.0 ** -7, 0, True)
        bias = net.constant(f"b{k}", (net.rng.integers(-2000, 2000, channels) * 2.0 ** -12).astype(np.float32))
        x = net.node("Conv", [x, w, bias], f"conv{k}", kernel_shape=[kernel, kernel], group=group, strides=[stride, stride],
                     pads=[kernel // 2] * 4)
        if k < 2:
            x = net.node("Relu", [x], f"relu{k}")
        x = quantiser(net, x, f"q{k}", 2.0 ** -5, 0 if k < 2 else 10, k == 2)
    net.save(name, x)


def qdq(net, x, name, step, zero, signed):
    """QuantizeLinear and DequantizeLinear; of integers the second alone."""
    kind = np.int8 if signed else np.uint8
    parts = [net.constant(f"{name}.step", np.float32(step)), net.constant(f"{name}.zero", kind(zero))]
    if isinstance(x, str):
        x = net.node("QuantizeLinear", [x, *parts], f"{name}.q")
    else:
        x = net.constant(f"{name}.integers", x.astype(kind))
    return net.node("DequantizeLinear", [x, *parts], name)


def quant(net, x, name, step, zero, signed):
    """QONNX's Quant."""
    if not isinstance(x, str):
        x = net.constant(f"{name}.float", (x * step).astype(np.float32))
    parts = [net.constant(f"{name}.{k}", np.float32(v)) for k, v in [("step", step), ("zero", zero), ("bits", 8)]]
    net.nodes.append(helper.make_node("Quant", [x, *parts], [name], name=name, domain="qonnx.custom_op.general", signed=int(signed),
                                      narrow=0, rounding_mode="ROUND"))
    return name


def run(path, low, high, output=None, seed=7):
    """Pixels, and what onnxruntime computes from them."""
    model = onnx.load(path)
    if output:
        del model.graph.output[:]
        model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    image = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else 1 for d in image.shape]
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.float32)
    scaled = (low + pixels / 255 * (high - low)).astype(np.float32)
    (result,) = session.run([session.get_outputs()[0].name], {image.name: scaled})
    if shape[-1] == 3:  # Channels last: ours are first.
        pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    return {"pixels": pixels, "output": np.ascontiguousarray(result, dtype=np.float32)}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        low, high = (float(v) for v in sys.argv[3:5]) if len(sys.argv) > 4 else (0.0, 1.0)
        save_file(run(sys.argv[1], low, high, *sys.argv[5:6]), sys.argv[2])
        sys.exit()
    classifier()
    detector()
    quantised("qdq", qdq)
    quantised("quant", quant)
    # 0 is a whole pixel, 128. What the machine computes, in the order of its memory: what the host does behind it is left out.
    save_file(run(HERE / "classifier.onnx", -1, 127 / 128, "fc"), HERE / "classifier.safetensors")
    save_file(run(HERE / "detector.onnx", 0, 1, "head"), HERE / "detector.safetensors")
    # Of 255/256, so that a pixel is a whole number of steps.
    save_file(run(HERE / "qdq.onnx", 0, 255 / 256), HERE / "qdq.safetensors")
