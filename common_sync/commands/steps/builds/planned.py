"""A file as it is to be, once what is planned has been done."""

import os
from collections.abc import Mapping

from common_sync.core.model import FileEdit


def read_planned(root: str, path: str, files: Mapping[str, FileEdit]) -> bytes:
    """Return what a file is to hold; nothing where it is to go.

    Args:
        root: The absolute path of the configuration's folder.
        path: The file's path from there.
        files: What is planned; all other files stay as the disk has them.

    Raises:
        OSError: The file has to be read, and cannot be.
    """
    if path in files:
        return files[path].after or b""
    with open(os.path.join(root, path), "rb") as stream:
        return stream.read()
