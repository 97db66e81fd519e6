#!/usr/bin/env python3
"""An HDF5 file with the groups, names, types and shapes of a CAMELS IllustrisTNG snapshot, and invented values.

    python3 experiments/camels/synthetic.py OUT.hdf5 [GAS_PARTICLES]

To try the commands without a download. Particles lie in clumps and one clump after the other, as in a snapshot ordered by
halo; everything else is drawn at random, so its sizes say nothing about those of real snapshots.
"""
import sys

import h5py
import numpy as np

BOX = 25_000.0  # kpc/h
out = sys.argv[1]
n_gas = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
rng = np.random.default_rng(24)


def clumps(n):
    """Positions and velocities of n particles in clumps of a steep spectrum of sizes."""
    sizes = []
    while sum(sizes) < n:
        sizes.append(min(n - sum(sizes), int(20 / rng.random() ** 1.1) + 1))
    sizes = np.sort(sizes)[::-1]
    clump = np.repeat(np.arange(len(sizes)), sizes)
    mass = np.repeat(sizes, sizes).astype("f8")
    radius = 2 * mass ** (1 / 3) * rng.random(n) / np.sqrt(rng.random(n) + 0.02)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    position = rng.random((len(sizes), 3))[clump] * BOX + direction * radius[:, None]
    velocity = rng.normal(0, 200, (len(sizes), 3))[clump] + rng.normal(size=(n, 3)) * (12 * mass ** (1 / 3))[:, None]
    return position % BOX, velocity, radius


def group(file, number, n, extra):
    position, velocity, radius = clumps(n)
    arrays = {
        "Coordinates": position.astype("<f4"),
        "Velocities": velocity.astype("<f4"),
        "Potential": (-3e5 / (1 + radius / 50) + rng.normal(0, 500, n)).astype("<f4"),
        "ParticleIDs": rng.permutation(2 * n)[:n].astype("<u8") + 10_000_000 * number,
        **{name: values(n, radius) for name, values in extra.items()},
    }
    part = file.create_group(f"PartType{number}")
    for name in sorted(arrays):
        part.create_dataset(name, data=arrays[name], chunks=True, compression="gzip", shuffle=False)


with h5py.File(out, "w") as file:
    header = file.create_group("Header")
    header.attrs["BoxSize"], header.attrs["Redshift"], header.attrs["HubbleParam"] = BOX, 0.4, 0.6711
    header.attrs["NumPart_ThisFile"] = np.array([n_gas, n_gas, 0, 0, n_gas // 20, n_gas // 2000 + 1], "<i4")
    density = lambda n, r: (1e-6 * (1 + 1e3 / (1 + (r / 20) ** 2)) * rng.lognormal(0, 0.5, n)).astype("<f4")
    heat = lambda n, r: (10 ** rng.normal(3, 0.6, n)).astype("<f4")
    mass = lambda mean: lambda n, r: (mean * rng.lognormal(0, 0.2, n)).astype("<f4")
    metals = lambda n, r: (0.01 * rng.beta(1, 8, n)).astype("<f4")
    rate = lambda n, r: np.where(rng.random(n) < 0.03, rng.gamma(1, 0.01, n), 0).astype("<f4")
    group(file, 0, n_gas, {"Density": density, "InternalEnergy": heat, "Masses": mass(1.3e-3), "GFM_Metallicity": metals,
                           "StarFormationRate": rate, "ElectronAbundance": lambda n, r: (1.15 + rng.normal(0, 0.01, n)).astype("<f4")})
    group(file, 1, n_gas, {})
    group(file, 4, n_gas // 20, {"Masses": mass(8e-4), "GFM_StellarFormationTime": lambda n, r: rng.random(n).astype("<f4")})
    group(file, 5, n_gas // 2000 + 1, {"BH_Mass": mass(1e-4), "Masses": mass(2e-3)})
