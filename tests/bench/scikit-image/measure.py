# SPDX-License-Identifier: BSD-3-Clause
"""measure.py - the same Richardson-Lucy iterations by scikit-image and by Relumine: CPU seconds of
each on one thread (of Relumine the whole run, its start and files included), how near the two come to
the truth, and the same of Relumine left to its defaults."""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import skimage
import tifffile
from scipy.signal import fftconvolve
from skimage.restoration import richardson_lucy

relumine = os.path.abspath(sys.argv[1])
size, side, iterations = ([int(a) for a in sys.argv[2:]] + [1024, 31, 30])[:3]
TURNS = 3


def scene(n):
    """Points, bars and discs, from a seed."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:n, :n]
    light = 20.0 + 60 * ((x // 9) % 5 == 0) * (y < n // 2)
    for _ in range(40):
        cy, cx, r = random.integers(0, n), random.integers(0, n), random.integers(3, n // 20)
        light += 80.0 * ((y - cy) ** 2 + (x - cx) ** 2 < r * r)
    light[random.integers(0, n, 400), random.integers(0, n, 400)] += 300
    return light


def gaussian(n):
    t = np.arange(n) - n // 2
    k = np.exp(-(t[:, None] ** 2 + t[None] ** 2) / (2 * (n / 8) ** 2))
    return (k / k.sum()).astype(np.float32)


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ours(*options):
    start = cpu_of_children()
    subprocess.run([relumine, "deconv", "y.tif", "--psf", "psf.tif", "-o", "x.tif",
                    "--overwrite", "-q", "--device", "cpu", "--threads", "1", "--gain", "1",
                    *options], check=True)
    return cpu_of_children() - start, tifffile.imread("x.tif")


def theirs(y, psf):
    start = time.process_time()
    x = richardson_lucy(y, psf, num_iter=iterations, clip=False)
    return time.process_time() - start, x


def main():
    truth, psf = scene(size), gaussian(side)
    blurred = np.maximum(fftconvolve(truth, psf, mode="same"), 0)
    y = np.random.default_rng(2).poisson(blurred).astype(np.float32)
    os.chdir(tempfile.mkdtemp())
    tifffile.imwrite("y.tif", y)
    tifffile.imwrite("psf.tif", psf)
    inside = slice(side, -side)

    def error(x):
        d = (x - truth)[inside, inside]
        return float(np.linalg.norm(d) / np.linalg.norm(truth[inside, inside]))

    plain, fast, other = [], [], []
    for _ in range(TURNS):
        other.append(theirs(y, psf))
        plain.append(ours("--acceleration", "none", "--stop", "fixed", "--iterations",
                          str(iterations)))
        fast.append(ours())
    best = [min(r[0] for r in runs) for runs in (other, plain, fast)]
    print(json.dumps({
        "bench": "scikit-image", "version": skimage.__version__, "size": f"{size}x{size}",
        "psf": f"{side}x{side}", "iterations": iterations, "scikit_image_s": round(best[0], 3),
        "relumine_s": round(best[1], 3), "times_faster": round(best[0] / best[1], 2),
        "scikit_image_error": round(error(other[0][1]), 4),
        "relumine_error": round(error(plain[0][1]), 4),
        "relumine_defaults_s": round(best[2], 3),
        "relumine_defaults_error": round(error(fast[0][1]), 4),
        "relumine_defaults_iterations": json.load(open("x.tif.json"))["metrics"]["iterations"]}))


main()
