"""Writes files into the landing folder: a file appears under its name only when it is whole."""

from __future__ import annotations

from pathlib import Path

from sample.text import Text, payload


class Landing:
    """The landing folder. Rows may be appended to several files in turn; `publish` gives them their names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unfinished: dict[Path, Path] = {}

    def append(self, source: str, object_name: str, file_name: str, rows: Text | bytes, header: bytes = b"") -> None:
        """Adds rows to a file; a header is written before the first of them. No rows: no file."""
        if not len(rows):
            return
        path = self.root / source / object_name / file_name
        temporary = self._unfinished.get(path)
        if temporary is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.partial")
            temporary.write_bytes(header)
            self._unfinished[path] = temporary
        with temporary.open("ab") as file:
            file.write(rows if isinstance(rows, bytes) else payload(rows))

    def write(self, source: str, object_name: str, file_name: str, content: bytes) -> None:
        """One whole file, which may be empty."""
        path = self.root / source / object_name / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.partial")
        temporary.write_bytes(content)
        self._unfinished[path] = temporary

    def publish(self) -> list[Path]:
        """Renames every unfinished file to its name; returns the paths."""
        paths = list(self._unfinished)
        for path, temporary in self._unfinished.items():
            temporary.replace(path)
        self._unfinished.clear()
        return paths

    def discard(self) -> None:
        """Removes what was not published."""
        for temporary in self._unfinished.values():
            temporary.unlink(missing_ok=True)
        self._unfinished.clear()
