"""Runs a network on the accelerator that `bico emit` wrote, on a board with PYNQ.

    python3 driver.py [FOLDER]      # FOLDER holds bico.bit, bico.hwh, timing.json (of vivado.tcl), memory.json, memory.bin

NEVER RUN ON A BOARD: written from PYNQ's documentation. `pack`, `unpack` and `decode_box` are tested against bico, the rest against a board of paper.
Registers are those of bico's contract (src/machine/CONTRACT.md, section 9).
"""

import hashlib
import json
import math
import pathlib
import sys
import time

import numpy as np

# Offsets of registers, and fields as (lowest bit, width). Generated.
@REGISTERS@

ID_VALUE = @ID@
PAGE = 4096


def field(value, where):
    """A field of a register."""
    low, width = where
    return value >> low & ((1 << width) - 1)


def pack(values, place):
    """Bytes of a feature map ([channel][row][column], raw integers) as they lie in memory; `place` is from memory.json."""
    channels, rows, columns = values.shape
    if (channels, rows, columns) != (place["channels"], place["rows"], place["columns"]):
        raise ValueError(f"shape {values.shape} is not that of `{place['name']}`")
    lanes, bits = place["lanes"], place["container_bits"]
    blocks = -(-channels // lanes)
    padded = np.zeros((blocks * lanes, rows, columns), np.int32)
    padded[:channels] = values
    words = padded.reshape(blocks, lanes, rows, columns).transpose(0, 2, 3, 1).reshape(-1, lanes)
    if bits >= 8:
        raw = np.ascontiguousarray(words.astype("<u2" if bits == 16 else "u1")).view(np.uint8)
    else:
        if bits == 1:
            words = words > 0
        each = words[..., None] >> np.arange(bits) & 1
        raw = np.packbits(each.reshape(len(words), -1).astype(np.uint8), axis=-1, bitorder="little")
    out = np.zeros((len(words), place["word_bytes"]), np.uint8)
    out[:, : raw.shape[1]] = raw
    return out.reshape(-1)


def unpack(data, place):
    """A feature map ([channel][row][column], raw integers) from its bytes in memory."""
    lanes, bits, form = place["lanes"], place["container_bits"], place["format"]
    rows, columns = place["rows"], place["columns"]
    words = np.frombuffer(bytes(data), np.uint8).reshape(-1, place["word_bytes"])
    if bits >= 8:
        used = np.ascontiguousarray(words[:, : lanes * bits // 8])
        raw = used.view("<u2" if bits == 16 else "u1").astype(np.int32)
    else:
        each = np.unpackbits(words, axis=-1, bitorder="little")[:, : lanes * bits].reshape(len(words), lanes, bits)
        raw = (each.astype(np.int32) << np.arange(bits)).sum(axis=-1)
    if form["signed"] and form["bits"] == 1:
        raw = 2 * raw - 1
    elif form["signed"]:
        raw = (raw ^ 1 << bits - 1) - (1 << bits - 1)
    blocks = raw.reshape(-1, rows, columns, lanes).transpose(0, 3, 1, 2)
    return blocks.reshape(-1, rows, columns)[: place["channels"]].astype(np.int32)


def decode_box(output, manifest):
    """The most confident box of a detection head: (x, y, width, height) in fractions of the image, and its confidence."""
    anchors, place = manifest["anchors"], manifest["output"]
    values = (output.reshape(len(anchors), 5, *output.shape[1:]) - place["zero_point"]) * 2.0 ** -place["format"]["frac"]
    anchor, row, column = np.unravel_index(np.argmax(values[:, 4]), values[:, 4].shape)
    tx, ty, tw, th, confidence = (float(v) for v in values[anchor, :, row, column])
    sigmoid = lambda v: 1 / (1 + math.exp(min(-v, 700)))
    x, y = (sigmoid(tx) + column) / output.shape[2], (sigmoid(ty) + row) / output.shape[1]
    w, h = (a * math.exp(min(max(t, -10), 10)) for a, t in zip(anchors[anchor], (tw, th)))
    return (x - w / 2, y - h / 2, w, h), sigmoid(confidence)


class Bico:
    """The accelerator with one network in memory."""

    def __init__(self, folder=".", anyway=False):
        from pynq import Clocks, Overlay, allocate

        folder = pathlib.Path(folder)
        self.manifest = json.loads((folder / "memory.json").read_text())
        image = (folder / self.manifest["memory"]["file"]).read_bytes()
        if hashlib.sha256(image).hexdigest() != self.manifest["memory"]["sha256"]:
            raise ValueError("the memory image is not the one of memory.json")
        timing = json.loads((folder / "timing.json").read_text())
        for kind in ("setup", "hold"):
            slack_ns = timing[f"{kind}_slack_ns"]
            if slack_ns < 0 and not anyway:
                raise ValueError(f"this bitstream misses its {kind} times by {-slack_ns} ns: what it computes can be wrong (anyway=True runs it)")
        # Loading sets the dividers of the clock as the bitstream was built for; which PLL they divide is the boot image's choice.
        self.overlay = Overlay(str(folder / "bico.bit"))
        self.clock_mhz = Clocks.fclk0_mhz
        if abs(self.clock_mhz / timing["clock_mhz"] - 1) > 1e-3:
            raise RuntimeError(f"the fabric runs at {self.clock_mhz} MHz, the bitstream was built for {timing['clock_mhz']} MHz")
        self.ip = self.overlay.bico
        if self.ip.read(ID) != ID_VALUE:
            raise RuntimeError("there is no bico at this address")
        if self.ip.read(DESIGN) != self.manifest["design"]:
            raise RuntimeError("the bitstream is another accelerator than the one that memory.json was planned for")
        # The image has to start on a page.
        self.buffer = allocate(shape=(len(image) + PAGE,), dtype=np.uint8)
        self.skip = -self.buffer.device_address % PAGE
        self.memory = self.buffer[self.skip : self.skip + len(image)]
        self.memory[:] = np.frombuffer(image, np.uint8)
        self.buffer.flush()
        self.ip.write(MEMORY_BASE, self.buffer.device_address + self.skip)
        self.ip.write(PROGRAM_ADDRESS, self.manifest["program"]["address"])
        self.ip.write(PROGRAM_DESCRIPTORS, self.manifest["program"]["descriptors"])

    def region(self, place):
        """The bytes of a feature map in memory."""
        return self.memory[place["address"] : place["address"] + place["bytes"]]

    def run(self, values=None, timeout_s=10.0):
        """Runs one frame on `values` ([channel][row][column], raw integers), or on what lies in memory. Gives the output."""
        if values is not None:
            self.region(self.manifest["input"])[:] = pack(np.asarray(values), self.manifest["input"])
            self.buffer.flush()
        clear = 1 << STATUS_DONE[0] | 1 << STATUS_MEMORY_ERROR[0] | 1 << STATUS_REFUSED[0]
        self.ip.write(STATUS, clear)
        self.ip.write(CONTROL, 1 << CONTROL_START[0])
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.ip.read(STATUS)
            if field(status, STATUS_DONE):
                break
            if field(status, STATUS_REFUSED):
                raise RuntimeError("the accelerator refused the start: it is busy or has no program")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no end after {timeout_s} s, status 0x{status:x}; load the bitstream anew; if that hangs too, the board has to be restarted")
        if field(status, STATUS_MEMORY_ERROR):
            raise RuntimeError("the memory answered with an error: the output is void")
        self.buffer.invalidate()
        return unpack(self.region(self.manifest["output"]), self.manifest["output"])

    def frame_cycles(self):
        """Cycles of the last frame, from the start write to the interrupt."""
        low = self.ip.read(FRAME_CYCLES_LOW)
        return self.ip.read(FRAME_CYCLES_HIGH) << 32 | low


def main(folder):
    """Runs the sample that lies in the image and compares with what bico computed."""
    bico = Bico(folder)
    output = bico.run()
    found = hashlib.sha256(np.ascontiguousarray(output).astype("<i4").tobytes()).hexdigest()
    right = found == bico.manifest["sample"]["output_sha256"]
    print("output:", "as bico computed" if right else "WRONG")
    cycles, expected = bico.frame_cycles(), bico.manifest["expected"]["frame_cycles"]
    print(f"cycles: {cycles}, simulated {expected} ({(cycles / expected - 1) * 100:+.2f} %), at {bico.clock_mhz} MHz, simulated at {bico.manifest['clock_mhz']}")
    if bico.manifest["anchors"]:
        print("box:", *decode_box(output, bico.manifest))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:2] or ["."])))
