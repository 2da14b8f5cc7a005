"""Signatures of the lock by `ssh-keygen -Y`: who sealed, and that nobody changed it since."""

import os
import shutil
import subprocess

from policy_engine.load.lock import NAME

_NAMESPACE = "policy-engine"


class SigningError(Exception):
    """A signature could not be made, or is not there, or is not of whom it should be; the text is ssh-keygen's."""


def sign_lock(root: str, key: str) -> str:
    """Sign the lock of a folder of editions with an SSH key; give the path of the signature.

    Raises:
        SigningError: where ssh-keygen is missing, or refuses.
    """
    lock = os.path.join(root, NAME)
    signature = f"{lock}.sig"
    if os.path.exists(signature):
        os.unlink(signature)
    _run(["-Y", "sign", "-n", _NAMESPACE, "-f", key, lock], b"")
    return signature


def verify_lock(root: str, signers: str, identity: str) -> str:
    """Verify the signature of the lock; give what ssh-keygen says.

    Args:
        root: the folder of editions.
        signers: a file of allowed signers, as `man ssh-keygen` describes it.
        identity: who must have signed.

    Raises:
        SigningError: where ssh-keygen is missing, or the signature is not good.
    """
    lock = os.path.join(root, NAME)
    try:
        with open(lock, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SigningError(f"{lock}: {error.strerror}") from error
    return _run(["-Y", "verify", "-n", _NAMESPACE, "-f", signers, "-I", identity, "-s", f"{lock}.sig"], content)


def _run(arguments: list[str], content: bytes) -> str:
    """Run ssh-keygen."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SigningError("ssh-keygen: not found")
    done = subprocess.run([program, *arguments], input=content, capture_output=True, check=False)  # noqa: S603  (no shell; the user's own key)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode != 0:
        raise SigningError(said)
    return said
