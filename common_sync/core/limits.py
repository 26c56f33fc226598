"""How many bytes a file may have that is read as a whole: one limit for each kind of file.

The kinds of files that refer to the library have theirs in `core/references/kinds.py`.
"""

CONFIGURATION = 4 << 20
"""The tool's own configuration, or a project file that may hold it."""

MANIFEST = 16 << 20
"""A manifest, of more than 100,000 files. It bounds what a hostile one can cost, at about 60 times of that in memory."""

DOCKERIGNORE = 1 << 20
"""What tells which files a build does not get."""

OF_GIT = 100 << 20
"""`.gitignore` and `.gitattributes`: git passes over a larger one too."""

TEXT = 4 << 20
"""Any other text: the source of a program, a file that is shown in a diff."""

PROMOTED = 64 << 20
"""A file of a copy that is taken over into the master: its versions are in memory together."""

ANY = 1 << 30
"""Any file, to see whether it is still what it was."""

FOREIGN = 512 << 20
"""What is fetched of a library in another repository, packed, and what its files come to."""

LISTED = 64 << 20
"""What another repository answers to a question: its refs, or the files of the library."""

CACHED_TREES = 200
"""How many libraries of other repositories are kept; a number, and no bytes."""
