"""Sealing: write down the digest of every issued edition, and of the bytes of its files.

python -m policy_engine.load.seal rulebook
"""

import os
import sys

from policy_engine.load.digest import sha256_of
from policy_engine.load.edition import load_edition, read_folder
from policy_engine.load.library import Library
from policy_engine.load.lock import NAME, name_of

_HEADER = "# Sealed editions: the digest of each one's meaning, then of the bytes of its files."


def lock_text(root: str) -> str:
    """Write the lock of every issued edition below a folder."""
    lines = [_HEADER]
    for _, folder in sorted(Library(root).folders().items()):
        edition = load_edition(folder, trust_lock=False)
        if edition.status == "issued":
            lines.append(f"{os.path.basename(folder)} {edition.revision}")
            raws = read_folder(folder)[1]
            lines += [f"{name_of(folder, path)} sha256:{sha256_of((raw,))}" for path, raw in sorted(raws.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = os.path.join(sys.argv[1], NAME)
    text = lock_text(sys.argv[1])
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
