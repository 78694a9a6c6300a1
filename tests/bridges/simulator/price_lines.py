"""Files of prices, as they are bundled: a table in an archive of its own."""

import zipfile
from pathlib import Path


def write(folder: Path, name: str, *lines: str) -> Path:
    """`name`: that of the archive, which says what the lines are, and of which day."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name.replace(".zip", ".csv"), "".join(f"{line}\n" for line in lines))
    return path
