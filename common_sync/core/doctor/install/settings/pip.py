"""What pip does by its files of settings, and when it compares hashes.

Sources: https://pip.pypa.io/en/stable/topics/configuration/ and .../topics/secure-installs/.
"""

import re

from common_sync.core.doctor.image.files import Context, Doubt, Image
from common_sync.core.doctor.install.command import FILES, Asked, Install
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.install.settings.given import from_configuration
from common_sync.core.expressions import expression


def configured(install: Install, image: Image, context: Context) -> Install:
    """Return an install with the options that files of settings in the image give it."""
    if install.tool != "pip" or install.has("--isolated"):
        return install
    found = [(path, image.look(path)) for path in (*_PIP_SETTINGS, *install.values("--config-file"))]
    texts = [(path, read_text(place, context)) for path, place in found if place is not None and place.kind == "file"]
    options = [option for _, text in texts for option in from_configuration(text or "")]
    asked = tuple(Asked(FILES[name], word) for name, word in options if name in FILES)
    more = tuple((name, word.text) for name, word in options)
    return install._replace(asked=(*asked, *install.asked), options=(*more, *install.options))


def find_unclear_settings(install: Install, image: Image) -> tuple[str, str] | None:
    """Return a file of pip's settings that the build writes, and the line that does, where nobody can tell what it says."""
    for layer in reversed(image.layers):
        if isinstance(layer, Doubt) and layer.place in {*_PIP_SETTINGS, *install.values("--config-file")}:
            return layer.place, layer.why
    return None


_PIP_SETTINGS = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")


NO_HASH = "it wants a hash for everything, and a folder has none"
_HASH = expression(r"^(?!\s*(?:#|-e\b|--editable)).*?(?:\s--hash[=\s]|^\s*--hash[=\s])", re.MULTILINE)
_REQUIRE_HASHES = expression(r"^\s*--require-hashes\b", re.MULTILINE)
_COMMENT = expression(r"(?:^|(?<=\s))#.*")


def asks_for_hashes(text: str, tool: str) -> bool:
    """Tell whether a requirements file has a hash of everything be compared; uv wants them only where it is told so."""
    if "--hash" not in text and "--require-hashes" not in text:
        return False
    plain = _COMMENT.sub("", text)
    return bool(_REQUIRE_HASHES.search(plain) or (tool == "pip" and _HASH.search(plain)))
