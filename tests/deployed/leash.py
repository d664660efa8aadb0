"""`python leash.py COMMAND ...`: runs a command, and ends it with all that it has started when whoever asked is gone.

A test that is killed cannot end what it has started.
"""

import os
import signal
import subprocess
import sys
import time

if __name__ == "__main__":
    parent = os.getppid()
    command = subprocess.Popen(sys.argv[1:])
    while command.poll() is None and os.getppid() == parent:
        time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)  # itself as well: all are one group
