"""Signatures of the lock by `ssh-keygen -Y`: who sealed, and that nobody changed it since."""

import shutil
import subprocess

from policy_engine.load.files import odd_kind

_NAMESPACE = "policy-engine"


class SigningError(Exception):
    """A signature could not be made, or is not there, or is not of whom it should be; the text is ssh-keygen's."""


def signature_path(lock: str) -> str:
    """Return the path of the signature of a lock."""
    return f"{lock}.sig"


def signature_of(content: bytes, key: str) -> bytes:
    """Return the signature of a lock's content with an SSH key. Nothing is written: the one that is there stays until this is had.

    Raises:
        SigningError: where ssh-keygen is missing, or refuses.
    """
    done = _run(["-Y", "sign", "-n", _NAMESPACE, "-f", key], content)
    if not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise SigningError(_said(done))
    return done.stdout


def verify_lock(lock: str, signers: str, identity: str) -> str:
    """Verify the signature of a lock; return what ssh-keygen says.

    Args:
        lock: the path of the lock.
        signers: a file of allowed signers, as `man ssh-keygen` describes it.
        identity: who must have signed.

    Raises:
        SigningError: where ssh-keygen is missing, or the signature is not good.
    """
    signature = signature_path(lock)
    for path in (lock, signature):
        if odd_kind(path):
            raise SigningError(f"{path}: not a regular file")
    try:
        with open(lock, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SigningError(f"{lock}: {error.strerror}") from error
    return _said(_run(["-Y", "verify", "-n", _NAMESPACE, "-f", signers, "-I", identity, "-s", signature], content))


def _run(arguments: list[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    """Run ssh-keygen.

    Raises:
        SigningError: where it is missing, or ends otherwise than with 0.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SigningError("ssh-keygen: not found")
    done = subprocess.run([program, *arguments], input=content, capture_output=True, check=False)  # noqa: S603  (no shell; the user's own key)
    if done.returncode != 0:
        raise SigningError(_said(done))
    return done


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    """Return what ssh-keygen said, on one line: no name in it begins a line of its own."""
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines if line.strip())
