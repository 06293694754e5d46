# SPDX-License-Identifier: BSD-3-Clause
# measure.py - LenslessPiCam's ADMM and ours in turns on the same captures; a table, JSON lines
"""One JSON object per line on stdout: the median of paired runs, and the ratio of each pair.

Every measurement is a process of its own, so that thread counts are set before any library starts.
Theirs times apply(), divided by the iterations, after one iteration to warm up; ours is the
difference of a long and a short run, so that neither counts reading, planning or writing.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

# what is run: name, height, width, channels; padded by both to twice the size
SIZES = (("gray", 300, 400, 1), ("colour", 270, 480, 3))
# keeps glibc from giving memory back to the system after each temporary array of theirs
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000",
               "MALLOC_TOP_PAD_": "300000000"}
RELUMINE = os.path.abspath("build/relumine")


def write_case(folder, height, width, channels):
    """A sparse, smooth point spread function and what a scene of discs looks like through it."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    psf = np.zeros((height, width), np.float32)
    for row, column, radius in random.random((60, 3)):
        row, column = (0.2 + 0.6 * row) * height, (0.2 + 0.6 * column) * width
        psf += np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * (1 + 2 * radius) ** 2))
    psf /= np.linalg.norm(psf)
    scene = np.zeros((height, width, channels), np.float32)
    for row, column, radius, level in random.random((12, 4)):
        inside = np.hypot(y - row * height, x - column * width) < 0.03 * width * (1 + 3 * radius)
        scene[inside] = level * random.random(channels)
    wide = (2 * height, 2 * width)
    spectrum = np.fft.rfft2(psf, wide)[..., None] * np.fft.rfft2(scene, wide, axes=(0, 1))
    full = np.fft.irfft2(spectrum, wide, axes=(0, 1))
    capture = full[height // 2:height // 2 + height, width // 2:width // 2 + width]
    capture = np.maximum(capture, 0).astype(np.float32)
    capture /= capture.max()
    if channels == 1:
        capture = capture[:, :, 0]
    np.save(os.path.join(folder, "psf.npy"), psf)
    np.save(os.path.join(folder, "capture.npy"), capture)


def measure_theirs(folder, backend, iterations, threads):
    """Runs in a process of its own: prints seconds per iteration; leaves the picture behind."""
    import scipy.fft
    from lensless import ADMM

    psf = np.load(os.path.join(folder, "psf.npy"))
    capture = np.load(os.path.join(folder, "capture.npy"))
    if capture.ndim == 2:
        capture = capture[:, :, None]
    psf = np.repeat(psf[None, :, :, None], capture.shape[2], axis=3)
    capture = capture[None]
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
        psf, capture = torch.from_numpy(psf), torch.from_numpy(capture)
    with scipy.fft.set_workers(threads):
        admm = ADMM(psf)
        admm.set_data(capture)
        admm.apply(n_iter=1, disp_iter=None, plot=False)
        admm.reset()
        start = time.perf_counter()
        picture = admm.apply(n_iter=iterations, disp_iter=None, plot=False)
        seconds = (time.perf_counter() - start) / iterations
    picture = np.asarray(picture).squeeze()
    np.save(os.path.join(folder, f"{backend}.npy"), picture)
    print(json.dumps({"seconds": seconds, "padded": [int(n) for n in admm._padded_shape[1:3]]}))


def run_theirs(folder, backend, threads, arguments):
    words = [sys.executable, __file__, "--child", backend, "--folder", folder,
             "--iterations", str(arguments.iterations), "--threads", str(threads)]
    number = str(threads)
    environment = dict(os.environ, OMP_NUM_THREADS=number, MKL_NUM_THREADS=number,
                       OPENBLAS_NUM_THREADS=number, MPLBACKEND="Agg")
    if arguments.keep_memory:
        environment.update(KEEP_MEMORY)
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def time_ours(folder, iterations, threads):
    """Seconds of a whole run, as it says itself."""
    at = lambda name: os.path.join(folder, name)
    done = subprocess.run([RELUMINE, "lensless", at("capture.npy"), "--psf", at("psf.npy"),
                           "--compat", "lenslesspicam", "--device", "cpu",
                           "--threads", str(threads), "--iterations", str(iterations),
                           "-o", at("ours.npy"), "--overwrite", "--json", "-q"],
                          stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)["seconds"]


def run_ours(folder, iterations, threads):
    """Seconds per iteration, free of reading, planning and writing: from two runs."""
    few, many = iterations, 4 * iterations
    return (time_ours(folder, many, threads) - time_ours(folder, few, threads)) / (many - few)


def compare_pictures(folder, iterations):
    """The largest difference between our picture and theirs, relative to the largest value."""
    at = lambda name: os.path.join(folder, name)
    subprocess.run([RELUMINE, "lensless", at("capture.npy"), "--psf", at("psf.npy"),
                    "--compat", "lenslesspicam", "--device", "cpu",
                    "--iterations", str(iterations), "-o", at("same.npy"), "--overwrite", "-q"],
                   stdout=subprocess.DEVNULL, check=True)
    ours, theirs = np.load(at("same.npy")), np.load(at("numpy.npy"))
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def measure(case, backend, threads, arguments):
    name, height, width, channels = case
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        write_case(folder, height, width, channels)
        for _ in range(arguments.pairs):
            one = run_theirs(folder, backend, threads, arguments)
            theirs.append(1000 * one["seconds"])
            if not arguments.only_theirs:
                ours.append(1000 * run_ours(folder, arguments.iterations, threads))
        result = {"bench": "lenslesspicam", "case": name, "size": f"{height}x{width}x{channels}",
                  "padded": "x".join(map(str, one["padded"])), "backend": backend, "keep_memory": arguments.keep_memory,
                  "threads": threads, "iterations": arguments.iterations,
                  "theirs_ms_per_iteration": round(statistics.median(theirs), 3)}
        if ours:
            ratios = [a / b for a, b in zip(theirs, ours)]
            result["ms_per_iteration"] = round(statistics.median(ours), 3)
            result["times_faster"] = round(statistics.median(ratios), 2)
            result["times_faster_least"] = round(min(ratios), 2)
            if backend == "numpy":
                result["difference"] = compare_pictures(folder, arguments.iterations)
    return result


def backends(arguments):
    yield "numpy"
    try:
        if not arguments.no_torch:
            import torch  # noqa: F401
            yield "torch"
    except ImportError:
        print("lenslesspicam: torch is not there", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run lenslesspicam")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each, in turns")
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--only-theirs", action="store_true", help="without build/relumine")
    parser.add_argument("--keep-memory", action="store_true",
                        help="theirs with a malloc that keeps its memory: helps torch")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=0, help="only this number; default 1 and 2")
    arguments = parser.parse_args()
    if arguments.child:
        measure_theirs(arguments.folder, arguments.child, arguments.iterations, arguments.threads)
        return
    row = "%-12s %-9s %-7s %7s %10s %10s %8s"
    print(row % ("size", "padded", "backend", "threads", "theirs ms", "ours ms", "faster"),
          file=sys.stderr)
    for case in SIZES:
        for backend in backends(arguments):
            for threads in [arguments.threads] if arguments.threads else [1, 2]:
                result = measure(case, backend, threads, arguments)
                print(row % (result["size"], result["padded"], backend, threads,
                             result["theirs_ms_per_iteration"],
                             result.get("ms_per_iteration", "-"),
                             result.get("times_faster", "-")), file=sys.stderr)
                print(json.dumps(result), flush=True)


main()
