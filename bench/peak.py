"""Runs a command and tells how long it took and how much memory it held at most, as one line of JSON: `peak.py PROGRAM ARGUMENT …`."""

import json
import resource
import subprocess
import sys
import time

begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begin
if done.returncode != 0:
    sys.exit(f"{' '.join(sys.argv[1:])} ended with {done.returncode}")
# Linux counts in thousands of bytes, of 1 024.
print(json.dumps({"seconds": seconds, "bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}))
