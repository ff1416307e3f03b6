"""One folder per function.

A start allocates much and frees nothing: the garbage collector is told to let it pass.
"""

import gc

gc.set_threshold(200_000)
