"""``python -m jupyter_platform.serving``: serve a module, or call its functions from a shell."""

from jupyter_platform.serving.command_line import main

if __name__ == "__main__":
    main()
