"""``python -m jupyter_platform.serving.runner RUN_FOLDER``."""

import sys

from jupyter_platform.serving.runner.process import main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m jupyter_platform.serving.runner RUN_FOLDER")
    sys.exit(main(sys.argv[1]))
