"""How long a command takes."""

import subprocess
import time


def seconds_of(command: list[str]) -> float:
    """Run a command once; give its seconds."""
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begin
