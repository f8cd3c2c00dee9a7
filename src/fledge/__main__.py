"""Run the command `fledge` as `python -m fledge`, which is how torchrun starts it."""

from fledge.cli import main

if __name__ == "__main__":
    main()
