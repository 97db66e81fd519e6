"""zfp in its lossless mode: each column, with its shape."""

import zfpy

from arrays import rival

RIVALS = [
    rival("zfp, lossless", ("f4", "f8", "i4", "i8"), zfpy.compress_numpy,
          lambda packed, column: zfpy.decompress_numpy(packed)),
]
