# SPDX-License-Identifier: BSD-3-Clause
# measure.py - tal and relumine nlos in turns on the same simulated captures; a table, JSON lines
"""One JSON object per line on stdout, for each case: seconds and processor seconds of whole runs
(start, reading, writing), tal's reconstruction alone too; the most memory; how near both come to the
simulated truth.  Both get the same planes, the same wavelength and the same number of threads; tal is
tried with one thread too, but where it is known to be slower (backprojection), and the faster counts.
Times are those of the fastest of --turns; what takes over 20 s has one turn.

depth_mm: median distance of a column's brightest voxel from the letters' surface; contrast: mean
brightness on the letters over that beside them, of the maximum over depth; points_voxel, points_mm:
mean distance of five points from where they are, on each axis along the wall and in depth.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

RELUMINE = os.path.abspath("build/relumine")
THEIRS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "theirs.py")
LETTERS = (0.535, 0.015, 23)            # first plane, step, planes; the letters are between planes
POINTS = (0.505, 0.01, 53)
PLACES = np.array([(0, 0, .6), (.25, .25, .7), (-.25, .2, .8), (.2, -.25, .9), (-.3, -.3, 1.0)])
LIGHT = 299792458.0
# case: geometry, points a side, fixed points a side, method of tal, method here
CASES = {
    "confocal-bp": ("confocal", 64, 0, "bp", "backprojection"),
    "confocal-fbp": ("confocal", 64, 0, "fbp", "filtered"),
    "confocal-pf": ("confocal", 64, 0, "pf", "phasor"),
    "confocal-fk": ("confocal", 64, 0, "fk", "fk"),
    "confocal-lct": ("confocal", 64, 0, None, "lct"),
    "single-bp": ("single", 64, 1, "bp", "backprojection"),
    "single-fbp": ("single", 64, 1, "fbp", "filtered"),
    "single-pf": ("single", 64, 1, "pf", "phasor"),
    "single-pf_dev": ("single", 64, 1, "pf_dev", "phasor"),
    "exhaustive-bp": ("exhaustive", 16, 8, "bp", "backprojection"),
    "exhaustive-fbp": ("exhaustive", 16, 8, "fbp", "filtered"),
    "exhaustive-pf_dev": ("exhaustive", 16, 8, "pf_dev", "phasor"),
}


def run(words, threads):
    """What a process says, with its seconds, processor seconds and most memory."""
    number = str(threads)
    environment = dict(os.environ, OMP_NUM_THREADS=number, OPENBLAS_NUM_THREADS=number,
                       MPLBACKEND="Agg")
    start = time.perf_counter()
    child = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"tal: failed: {' '.join(words)}")
    return {"s": time.perf_counter() - start, "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1e3, "said": json.loads(said.splitlines()[-1])}


def simulate(folder, scene, geometry, points, fixed, photons):
    name = os.path.join(folder, f"{scene}-{geometry}-{points}")
    if not os.path.exists(name + ".hdf5"):
        words = [RELUMINE, "simulate", "nlos", "--scene", scene, "--geometry", geometry, "--grid",
                 str(points), "--bins", "512", "--photons", str(photons), "-q", "-o", name + ".hdf5",
                 "--depth-out", name + "-depth.npy"]
        if geometry == "exhaustive":
            words += ["--detectors", f"{fixed}x{fixed}"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return name


def ours(capture, method, planes, wavelength, threads):
    output = f"{capture}-{method}-ours.npy"
    first, step, n = planes
    words = [RELUMINE, "nlos", capture + ".hdf5", "--method", method, "--depth",
             f"{first:.6f},{first + (n - 1) * step:.6f}", "--device", "cpu", "--threads",
             str(threads), "-o", output, "--overwrite", "--json"]
    if method not in ("fk", "lct"):
        words += ["--depth-step", str(step)]
    if method == "phasor":
        words += ["--wavelength", str(wavelength), "--cycles", "5"]
    one = run(words, threads)
    z = one["said"]["axes"]["z"]
    one["depths"] = z["first_m"] + z["step_m"] * np.arange(z["count"])
    one["volume"] = np.load(output)
    return one


def theirs(capture, method, planes, wavelength, threads):
    output = f"{capture}-{method}-theirs.npy"
    depths = planes[0] + planes[1] * np.arange(planes[2])
    if method == "fk":          # has the bins' own depths
        bin_depth = 0.5 * 32e-12 * LIGHT
        first, last = np.ceil(depths[0] / bin_depth), np.floor(depths[-1] / bin_depth)
        depths = np.arange(first, last + 1) * bin_depth
    words = [sys.executable, THEIRS, capture + ".hdf5", method, str(threads), repr(float(depths[0])),
             repr(float(depths[1] - depths[0])), str(len(depths)), str(wavelength), output]
    one = run(words, threads)
    one["depths"], one["volume"] = depths, np.load(output)
    return one


def peak(line, depths):
    """Where a line is largest, by a parabola."""
    i = int(np.argmax(line))
    if not 0 < i < len(line) - 1:
        return depths[i]
    a, b, c = line[i - 1:i + 2]
    bend = a - 2 * b + c
    return depths[i] + (0.5 * (a - c) / bend if bend < 0 else 0) * (depths[1] - depths[0])


def near(mask, reach):
    wide = mask.copy()
    for _ in range(reach):
        padded = np.pad(wide, 1)
        wide = wide | padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return wide


def judge_letters(one, truth):
    on = truth > 0
    beside = ~near(on, 2)
    flat = one["volume"].max(axis=0)
    errors = [abs(peak(one["volume"][:, y, x], one["depths"]) - truth[y, x])
              for y, x in zip(*np.nonzero(on))]
    return {"depth_mm": round(1e3 * float(np.median(errors)), 2),
            "contrast": round(float(flat[on].mean() / flat[beside].mean()), 1)}


def judge_points(one, points):
    """Centroids of what is above 30 % of the largest voxel near each point."""
    volume, depths = one["volume"], one["depths"]
    pitch = 1 / (points - 1)
    across, along = [], []
    reach = max(int(round(0.04 / (depths[1] - depths[0]))), 1)
    for x, y, z in PLACES:
        at = [int(np.argmin(abs(depths - z))), int(round((y + .5) / pitch)),
              int(round((x + .5) / pitch))]
        box = tuple(slice(max(a - r, 0), a + r + 1) for a, r in zip(at, (reach, 3, 3)))
        part = volume[box].astype(float)
        part = np.where(part > 0.3 * part.max(), part, 0)
        grid = np.meshgrid(depths[box[0]], *(np.arange(s.start, s.stop)[:n] * pitch - .5
                           for s, n in zip(box[1:], part.shape[1:])), indexing="ij")
        z_, y_, x_ = [float((g * part).sum() / part.sum()) for g in grid]
        across.append((abs(x_ - x) + abs(y_ - y)) / 2 / pitch)
        along.append(abs(z_ - z) * 1e3)
    return {"points_voxel": round(float(np.mean(across)), 3),
            "points_mm": round(float(np.mean(along)), 2)}


def alike(a, b):
    """Of the maxima over depth: how far one is the other, 1: but for a factor the same."""
    p, q = a["volume"].max(axis=0).ravel(), b["volume"].max(axis=0).ravel()
    return round(float(np.corrcoef(p, q)[0, 1]), 3)


def tell(one):
    return {k: round(one[k], 2) for k in ("s", "cpu_s", "peak_mb")}


def thread_counts(method, most):
    return [] if not method else [most] if method in ("bp", "fbp") else sorted({1, most})


def accuracy(folder, case, wavelength, arguments):
    """The five points, by fewer points of the wall where a turn would take minutes."""
    geometry, _, fixed, their_method, method = case
    points = 32 if their_method in ("bp", "fbp") else 64
    capture = simulate(folder, "points", geometry, points, fixed, 0)
    wavelength = 4 / (points - 1)
    we = judge_points(ours(capture, method, POINTS, wavelength, arguments.threads), points)
    if not their_method:
        return we, {}
    they = theirs(capture, their_method, POINTS, wavelength, arguments.threads)
    return we, judge_points(they, points)


def measure(folder, name, arguments):
    case = CASES[name]
    geometry, points, fixed, their_method, method = case
    capture = simulate(folder, "letters", geometry, points, fixed, 2e6)
    truth = np.load(capture + "-depth.npy").reshape(points, points)
    wavelength = 4 / (points - 1)
    we, they = [], []
    for turn in range(arguments.turns):
        for threads in thread_counts(their_method, arguments.threads):
            if turn == 0 or they[0]["s"] < 20:
                they.append(theirs(capture, their_method, LETTERS, wavelength, threads))
                they[-1]["threads"] = threads
        we.append(ours(capture, method, LETTERS, wavelength, arguments.threads))
    best = min(we, key=lambda one: one["s"])
    result = {"bench": "tal", "case": name, "size": f"{points}x{points}x512",
              "fixed": fixed * fixed, "planes": len(best["depths"]), "threads": arguments.threads,
              "relumine": {**tell(best), **judge_letters(best, truth)}}
    if they:
        fast = min(they, key=lambda one: one["s"])
        thrifty = min(they, key=lambda one: one["cpu_s"])
        result["tal"] = {**tell(fast), "threads": fast["threads"],
                         "solve_s": round(fast["said"]["solve_s"], 2),
                         "least_cpu_s": round(thrifty["cpu_s"], 2), **judge_letters(fast, truth)}
        result["times_faster"] = round(fast["s"] / best["s"], 1)
        result["times_faster_cpu"] = round(thrifty["cpu_s"] / min(o["cpu_s"] for o in we), 1)
        result["times_faster_than_solve_alone"] = round(fast["said"]["solve_s"] / best["s"], 1)
        result["memory"] = round(best["peak_mb"] / fast["peak_mb"], 3)
        result["alike"] = alike(best, fast)
    if geometry != "exhaustive":
        one, other = accuracy(folder, case, wavelength, arguments)
        result["relumine"].update(one)
        result.setdefault("tal", {}).update(other)
    return result


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run tal")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=" ".join(CASES))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", help="folder for captures and volumes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.cases or CASES:
            print(json.dumps(measure(arguments.keep or folder, name, arguments)), flush=True)


main()
