"""A folder of pictures that comes as an archive."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PICTURES = 50_000
MOST_BYTES = 4_000_000_000
_PIECE = 1_000_000


def unpack_pictures(archive: str | Path, folder: Path) -> list[str]:
    """Unpack the pictures of an archive into a folder for each class.

    Parameters
    ----------
    archive : path
        A zip file with a folder for each class, at its top or below one other folder.
    folder : Path
        Gets a folder for each class.

    Returns
    -------
    list of str
        Names of the classes.

    Raises
    ------
    ValueError
        If it is no such archive.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            found = [item for item in file.infolist() if _is_picture(item)]
            if not 0 < len(found) <= MOST_PICTURES:
                raise ValueError(
                    f"The archive has {len(found):,} pictures; 1 to {MOST_PICTURES:,} are wanted."
                )
            left = MOST_BYTES
            for number, item in enumerate(found):
                left -= _unpack(file, item, folder, number, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"The file is no zip archive that can be read: {error}.") from error
    classes = sorted(path.name for path in folder.iterdir())
    if len(classes) < 2:
        raise ValueError(
            "The archive has pictures of one class; a folder for each class is wanted."
        )
    return classes


def _is_picture(item: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(item.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in ENDINGS and len(path.parts) > 1 and not hidden


def _unpack(
    file: zipfile.ZipFile, item: zipfile.ZipInfo, folder: Path, number: int, left: int
) -> int:
    """Write one picture under a name of ours, so that no name of theirs leads anywhere else."""
    path = PurePosixPath(item.filename)
    place = folder / path.parent.name
    place.mkdir(exist_ok=True)
    size = 0
    with (
        file.open(item) as source,
        open(place / f"{number:05}{path.suffix.lower()}", "wb") as target,
    ):
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > left:
                raise ValueError(f"The archive unpacks to over {MOST_BYTES / 1e9:g} GB.")
            target.write(piece)
    return size
