"""Threads, signals and other processes."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import vortex_codec


def test_other_threads_run_during_a_call():
    noise = np.random.default_rng(1).integers(0, 256, 1 << 20, np.uint8).tobytes()
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    vortex_codec.compress(noise, threads=1)
    seconds, ticks = time.monotonic() - start, counted[0]
    done.set()
    thread.join()
    # With the lock held, there would be none; a busy machine gives a part of all.
    assert ticks > 50 * seconds, (ticks, seconds)


def test_threads_share_a_file(jets, jets_file):
    file = vortex_codec.open(jets_file)

    def read(start):
        assert file[start] == jets[start]
        return (file[start : start + 700] == jets[start : start + 700]).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(0, 20_000, 400)))


@pytest.fixture
def interruptible():
    # A shell starts programs in the background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_long_call(interruptible):
    assert threading.current_thread() is threading.main_thread()
    noise = np.random.default_rng(2).integers(0, 64, 24 << 20, np.uint8).tobytes()
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        vortex_codec.compress(noise, level=8, threads=1)
    assert time.monotonic() - start < 4
    # The next call is not affected.
    assert vortex_codec.decompress(vortex_codec.compress(b"and so on")) == b"and so on"


def test_pickles(tmp_path, jets, jets_file, small_model):
    file = pickle.loads(pickle.dumps(vortex_codec.open(jets_file)))
    assert (file[7_000:7_010] == jets[7_000:7_010]).all()
    archive = pickle.loads(pickle.dumps(vortex_codec.Archive(jets_file)))
    assert (archive[archive.names[0]]["n"] == jets["n"]).all()
    for model in (small_model, vortex_codec.Model.load(small_model.tobytes())):
        again = pickle.loads(pickle.dumps(model))
        assert again == model and again.path == model.path and again.dtype == jets.dtype
    with_model = tmp_path / "with_model.vxc"
    with_model.write_bytes(vortex_codec.compress(jets[:500], model=small_model))
    file = pickle.loads(pickle.dumps(vortex_codec.open(with_model, model=small_model)))
    assert file[400] == jets[400]
    with open(jets_file, "rb") as opened, pytest.raises(TypeError, match="pickle"):
        pickle.dumps(vortex_codec.open(opened))


def rows_of(file, start):
    """What a worker of a cluster does."""
    return file[start : start + 10].tobytes()


def test_worker_processes_open_the_file_again(jets, jets_file):
    file = vortex_codec.open(jets_file)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        starts = [10, 15_000]
        found = list(pool.map(rows_of, [file] * 2, starts))
    assert found == [jets[start : start + 10].tobytes() for start in starts]


def run(*words, **options):
    """Runs the command that the wheel installs."""
    command = os.path.join(os.path.dirname(sys.executable), "vortex")
    return subprocess.run([command, *map(str, words)], capture_output=True, **options)


def test_the_command(tmp_path, jets):
    source = tmp_path / "jets.bin"
    source.write_bytes(jets.tobytes())
    assert run("--version").stdout.startswith(b"vortex 0.")
    made = run("compress", "-2", source)
    assert made.returncode == 0, made.stderr
    packed = tmp_path / "jets.bin.vxc"
    assert vortex_codec.decompress(packed.read_bytes()) == jets.tobytes()
    back = run("decompress", "-o", "-", packed)
    assert back.stdout == jets.tobytes()
    assert run("compress", source).returncode == 1
    wrong = run("compress", "--no-such-option")
    assert wrong.returncode == 2 and b"Usage: vortex compress" in wrong.stderr
    module = [sys.executable, "-m", "vortex_codec", "test", packed]
    assert subprocess.run(module, capture_output=True).returncode == 0


def test_ctrl_c_ends_a_program():
    code = """
        import random
        import signal
        import vortex_codec
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # Digits without order take the predictor far longer than this test on any machine.
        digits = random.Random(1).randbytes(16 << 20).translate(bytes(range(10)) * 25 + bytes(6))
        print("ready", flush=True)
        vortex_codec.compress(digits, level=8)
    """
    words = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, stderr = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in stderr and process.returncode != 0
    assert time.monotonic() - start < 4
