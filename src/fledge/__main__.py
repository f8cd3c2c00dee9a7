"""`python -m fledge`, as torchrun starts it, is the command `fledge`."""

from fledge.cli import main

if __name__ == "__main__":
    main()
