"""`python -m corpus.cli` is the command `hemu`."""

from corpus.cli.root import main

if __name__ == "__main__":
    main()
