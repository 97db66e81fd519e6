"""Compiles CUDA text with NVRTC and ptxas of the PyPI wheels: nvrtc.py FOLDER_OF_WHEELS TEXT ARCHITECTURE...

Prints for each architecture its name, registers, bytes of spills, and the number of dp4a. Needs no GPU and no driver."""

import ctypes
import pathlib
import re
import subprocess
import sys
import tempfile

wheels, text = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes()
nvrtc = ctypes.CDLL(str(wheels / "cuda_nvrtc/lib/libnvrtc.so.12"))


def output(program, name):
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{name}Size")(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{name}")(program, buffer)
    return buffer.value


for architecture in sys.argv[3:]:
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, b"kernel.cu", 0, None, None)
    options = [
        f"--gpu-architecture=compute_{architecture[3:]}".encode(),
        f"--include-path={wheels / 'cuda_runtime/include'}".encode(),
    ]
    if nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options)):
        sys.exit(f"{architecture}: {output(program, 'ProgramLog').decode()[:2000]}")
    ptx = output(program, "PTX")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "k.ptx").write_bytes(ptx)
        command = [wheels / "cuda_nvcc/bin/ptxas", "-v", f"-arch={architecture}", "-o", "k.cubin", "k.ptx"]
        ptxas = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ptxas.returncode:
        sys.exit(f"{architecture}: {ptxas.stderr[:2000]}")
    said = ptxas.stderr
    registers = re.search(r"Used (\d+) registers", said)[1]
    spills = sum(int(n) for n in re.findall(r"(\d+) bytes spill", said))
    print(architecture, registers, spills, ptx.count(b"dp4a"))
