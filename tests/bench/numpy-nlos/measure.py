# SPDX-License-Identifier: BSD-3-Clause
# measure.py - the methods of relumine nlos as one writes them down in NumPy, and as they are here
"""One JSON object per line on stdout, for each method: milliseconds of the fastest turn of NumPy and of
the programs light-cone, stolt and phasor of this folder.  With one thread (default) they are processor
milliseconds, which neighbours disturb less; with more they are wall milliseconds, and NumPy's
transforms still take one.  numpy_ms is of the faster of numpy.fft and scipy.fft, both in single
precision.  What can be kept for the next capture of a geometry is not counted, on either side, for the
light-cone transform; the phasor field is counted from nothing, and with what it keeps (video).
"""
import argparse
import json
import os
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import scipy
import scipy.fft
import scipy.sparse

BINS, POINTS, DEPTHS = 512, 64, 84
BIN = 32e-12 * 3e8          # m of path, of the phasor field
WALL, NEAREST, CYCLES = 0.8, 0.3, 5
TRANSFORMS = {"numpy.fft": np.fft, "scipy.fft": scipy.fft}


# --- light-cone transform (O'Toole, Lindell and Wetzstein 2018) -----------------------------------

def resampler(m):
    """Time to its square: M^2 samples, averaged M at a time; sparse, about 2 M entries."""
    q = np.arange(1, m * m + 1)
    rows, columns = (q - 1) // m, np.ceil(np.sqrt(q)).astype(int) - 1
    return scipy.sparse.csr_array((1 / (m * np.sqrt(q)), (rows, columns)), (m, m), dtype=np.float32)


def cone(m, n, slope):
    """Where light of a point is, at the centre of the wall; its spectrum is kept."""
    psf = np.zeros((2 * m, 2 * n, 2 * n), np.float32)
    g = np.arange(-n, n) / n
    zeta = (4 * slope) ** 2 * (g[:, None] ** 2 + g[None] ** 2)
    at = np.minimum(np.rint(zeta * m), 2 * m - 1).astype(int)
    rows, columns = np.indices(at.shape)
    psf[at, rows, columns] = 1
    psf /= np.linalg.norm(psf)
    return np.roll(psf, (n, n), (1, 2))


class LightCone:
    def __init__(self, fft):
        self.fft = fft
        self.p = resampler(BINS)
        self.back = self.p.T.tocsr()
        h = fft.rfftn(cone(BINS, POINTS, 0.35 / (BINS * 16e-12 * 3e8))).astype(np.complex64)
        self.filter = np.conj(h) / (np.abs(h) ** 2 + np.float32(12.5))
        self.weight = ((np.arange(BINS) / (BINS - 1)) ** 4).astype(np.float32)[:, None, None]

    def run(self, counts):
        m, n = BINS, POINTS
        wide = np.zeros((2 * m, 2 * n, 2 * n), np.float32)
        wide[:m, :n, :n] = (self.p @ (counts * self.weight).reshape(m, -1)).reshape(m, n, n)
        spectrum = self.fft.rfftn(wide)
        spectrum *= self.filter
        scene = self.fft.irfftn(spectrum, wide.shape, (0, 1, 2))[:m, :n, :n]
        return np.maximum((self.back @ scene.reshape(m, -1)).reshape(m, n, n), 0)


# --- f-k migration (Lindell, Wetzstein and O'Toole 2019): linear interpolation --------------------

class Migration:
    ratio = 0.3

    def __init__(self, fft):
        self.fft = fft

    def run(self, counts):
        m, n = BINS, POINTS
        weight = (np.arange(m, dtype=np.float32) / (m - 1)) ** 2
        wave = np.zeros((2 * m, 2 * n, 2 * n), np.complex64)
        wave[:m, :n, :n] = np.sqrt(np.maximum(counts * weight[:, None, None], 0))
        spectrum = self.fft.fftshift(self.fft.fftn(wave))
        x = (np.arange(-n, n) / n).astype(np.float32)
        across = (self.ratio ** 2 * (x[:, None] ** 2 + x[None] ** 2)).astype(np.float32)
        rows, columns = np.indices(across.shape)
        scene = np.zeros_like(spectrum)
        for k in range(1, m):
            f = np.sqrt(across + np.float32((k / m) ** 2)) * m
            below = np.minimum(f.astype(np.int32), m - 2)
            part = f - below
            value = (1 - part) * spectrum[m + below, rows, columns] + \
                part * spectrum[m + 1 + below, rows, columns]
            scene[m + k] = np.where(f <= m - 1, value * (k / f), 0)
        return np.abs(self.fft.ifftn(self.fft.ifftshift(scene)))[:m, :n, :n] ** 2


# --- phasor field (Liu and others 2019): for each depth and frequency a kernel and its transform ---

class Phasor:
    """Confocal, or with one detector over a corner of the wall."""

    def __init__(self, fft, detector=None):
        self.fft, self.detector = fft, detector
        self.pitch = WALL / (POINTS - 1)
        self.f = np.fft.rfftfreq(2 * BINS, BIN)
        wavelength = 4 * self.pitch
        weight = np.exp(-0.5 * (2 * np.pi * CYCLES * wavelength / 6 * (self.f - 1 / wavelength)) ** 2)
        self.used = np.flatnonzero(weight > 0.01)
        self.weight = weight[self.used, None, None].astype(np.float32)

    def plane(self, spectra, depth):
        grid, n = 2 * POINTS, POINTS
        offset = np.fft.fftfreq(grid, 1 / grid) * self.pitch
        r = np.sqrt(offset[:, None] ** 2 + offset[None, :] ** 2 + depth ** 2).astype(np.float32)
        ways = 1 if self.detector else 2
        total = np.zeros((grid, grid) if ways == 2 else (n, n), np.complex64)
        if self.detector:
            at = np.arange(n) * self.pitch
            way = np.sqrt((at[:, None] - self.detector[1]) ** 2 +
                          (at[None, :] - self.detector[0]) ** 2 + depth ** 2).astype(np.float32)
        for j, k in enumerate(self.used):
            wave = np.complex64(2j * np.pi * self.f[k])
            kernel = np.exp(ways * wave * r) / r
            field = spectra[j] * self.fft.fft2(kernel)
            total += field if ways == 2 else self.fft.ifft2(field)[:n, :n] * np.exp(wave * way)
        return np.abs((self.fft.ifft2(total) if ways == 2 else total)[:n, :n]) ** 2

    def run(self, counts):
        waves = self.fft.rfft(counts, 2 * BINS, axis=0)[self.used] * self.weight
        spectra = self.fft.fft2(waves, (2 * POINTS, 2 * POINTS)).astype(np.complex64)
        return np.stack([self.plane(spectra, NEAREST + z * self.pitch) for z in range(DEPTHS)])


# --- in turns -------------------------------------------------------------------------------------

# method: NumPy's, our program and its arguments, where it says the milliseconds with one thread and
# with more, and what else is of interest
METHODS = {
    "lct": (LightCone, "light-cone", ["512", "64", "64"], "ms_per_solve", "ms_per_solve",
            ("fft_pair_ms", "ratio", "setup_ms")),
    "fk": (Migration, "stolt", ["512", "64", "64"], "ms_per_iteration", "ms_per_iteration",
           ("plan_ms",)),
    "phasor": (Phasor, "phasor", ["64", "512", "84"], "cpu_ms_alone", "ms_alone",
               ("ms_per_frame", "fps")),
    "phasor-single": (lambda fft: Phasor(fft, (0.4, 0.4)), "phasor", ["64", "512", "84", "1"],
                      "cpu_ms_alone", "ms_alone", ("ms_per_frame", "fps")),
}


def plain(method, counts, clock):
    start = clock()
    method.run(counts)
    return (clock() - start) * 1e3


def ours(program, words, threads):
    done = subprocess.run([f"build/tests/bench/{program}", str(threads), *words], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def measure(name, arguments):
    make, program, words, one, more, others = METHODS[name]
    key = one if arguments.threads == 1 else more
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    counts = np.random.default_rng(1).integers(0, 9, (BINS, POINTS, POINTS)).astype(np.float32)
    they = {transform: make(fft) for transform, fft in TRANSFORMS.items()}
    times, we = {transform: [] for transform in they}, []
    for _ in range(arguments.turns):
        for transform, method in they.items():
            times[transform].append(plain(method, counts, clock))
        we.append(ours(program, words, arguments.threads))
    best = min(we, key=lambda o: o[key])
    least = {transform: min(t) for transform, t in times.items()}
    fast = min(least, key=least.get)
    return {"bench": "numpy-nlos", "method": name, "size": f"{BINS}x{POINTS}x{POINTS}",
            "threads": arguments.threads, "ms": round(best[key], 1),
            "numpy_ms": round(least[fast], 1), "numpy_with": fast,
            "ratio": round(best[key] / least[fast], 4), "times_faster": round(least[fast] / best[key], 1),
            "numpy_fft_ms": round(least["numpy.fft"], 1), "scipy_fft_ms": round(least["scipy.fft"], 1),
            "numpy": np.__version__, "scipy": scipy.__version__,
            **{f"{program}_{other}": best[other] for other in others}, "peak_mb": best["peak_mb"]}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run numpy-nlos")
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=" ".join(METHODS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    for name in arguments.methods or METHODS:
        print(json.dumps(measure(name, arguments)), flush=True)


main()
