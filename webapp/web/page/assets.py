"""Serves styles, scripts and pictures: read once at start, with one digest of all of them in every address, cached for a year.

`/assets/<digest>/<name>`. The digest covers the whole of `static/`, so a file may name its neighbours by relative
address and a new release is new addresses throughout. Some names are made here: a bundle of styles is the files of one
folder in order of name (`@layer` decides strength, not order), a bundle of scripts is one behaviour a block, so that
no file can reach into another's names: `app.js` for every page, `phone.js` for pages and the service worker (static/js/phone),
`offline.js` for the page without a network (static/js/offline); any other folder for the pages that ask for it. Cost: memory of the folder (about 150 kB), no file is touched per request.
"""

import gzip
import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

import brotli
from flask import Blueprint, Flask, Response, abort, current_app, request

from webapp.web.page.guard import public

STATIC = Path(__file__).resolve().parents[3] / "static"
FOREVER = "public, max-age=31536000, immutable"
_STRING = r"""("[^"]*"|'[^']*')"""
_COMMENT = re.compile(_STRING + r"|/\*.*?\*/", re.DOTALL)
_AROUND_MARKS = re.compile(_STRING + r"|\s*([{};,])\s*")
_SPACES = re.compile(_STRING + r"|\s+")
_REMARK = re.compile(r"^\s*//.*\n", re.MULTILINE)
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
          ".svg": "image/svg+xml; charset=utf-8", ".txt": "text/plain; charset=utf-8"}  # fmt: skip

assets = Blueprint("assets", __name__)


class StaticFiles:
    """All static files of one release by name; `digest` changes when any of them does."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.files = _read(folder)
        self.files["app.css"] = _styles(folder / "css")
        for part in sorted(path for path in (folder / "css").glob("*") if path.is_dir()):
            self.files[f"{part.name}.css"] = _styles(part)
        self.files["app.js"] = _scripts(folder / "js")
        for part in sorted(path for path in (folder / "js").glob("*") if path.is_dir()):
            self.files[f"{part.name}.js"] = b'"use strict";\n' + _scripts(part)
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        self.digest = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """The address of a file for this release; KeyError on an unknown name, so a page cannot point at nothing."""
        self.files[name]
        return f"/assets/{self.digest}/{name}"


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in {"css", "js"}
    }


def _styles(folder: Path) -> bytes:
    """The folder's styles, `layers.css` first, without comments, line breaks and indentation; strings stay as they are."""
    paths = sorted(folder.glob("*.css"), key=lambda path: (path.name != "layers.css", path.name))
    text = "".join(path.read_text("utf-8") for path in paths)
    text = _COMMENT.sub(lambda found: found[1] or "", text)
    text = _AROUND_MARKS.sub(lambda found: found[1] or found[2], text)
    return _SPACES.sub(lambda found: found[1] or " ", text).strip().encode()


def _scripts(folder: Path) -> bytes:
    """The folder's behaviours, without lines of comment, each in a block of its own: names stay inside, nothing is imported."""
    texts = (_REMARK.sub("", path.read_text("utf-8")) for path in sorted(folder.glob("*.js")))
    return "".join(f"{{\n{text}}}\n" for text in texts).encode()


@lru_cache(maxsize=256)
def _packed(content: bytes, coding: str) -> bytes:
    """Packed once per file and coding, at the strongest level: it is sent for a year."""
    if coding == "br":
        return brotli.compress(content, quality=11)
    return gzip.compress(content, 9, mtime=0)


@assets.get("/assets/<digest>/<path:name>")
@public
def show(digest: str, name: str) -> Response:
    """A file of this release. Under another release's digest the current file is sent, not to be cached."""
    static_files: StaticFiles = current_app.extensions["static_files"]
    content = static_files.files.get(name)
    if content is None:
        abort(404)
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    coding = _coding() if suffix in {".js", ".css", ".svg", ".txt"} else None
    answer = Response(_packed(content, coding) if coding else content, content_type=kind)
    if coding:
        answer.headers["Content-Encoding"] = coding
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = FOREVER if digest == static_files.digest else "no-cache"
    return answer


def _coding() -> str | None:
    return next((coding for coding in ("br", "gzip") if request.accept_encodings[coding] > 0), None)


def init_app(app: Flask) -> None:
    """Read the static files, give templates `asset(name)`, and register the route that serves them."""
    app.extensions["static_files"] = static_files = StaticFiles()
    app.jinja_env.globals["asset"] = static_files.address
    app.register_blueprint(assets)
