"""Signatures by `ssh-keygen -Y`, beside the file that is signed: who vouched for it, and that nobody changed it since."""

import shutil
import subprocess

from policy_engine.load.files import odd_kind

_NAMESPACE = "policy-engine"


class SigningError(Exception):
    """A signature could not be made, or is not there, or is not of whom it should be; the text is ssh-keygen's."""


def signature_path(path: str) -> str:
    """Return the path of the signature of a file."""
    return f"{path}.sig"


def signature_of(content: bytes, key: str) -> bytes:
    """Return the signature of a content with an SSH key. Nothing is written: the one that is there stays until this is had.

    Raises:
        SigningError: where ssh-keygen is missing, or refuses.
    """
    done = _run(["-Y", "sign", "-n", _NAMESPACE, "-f", key], content)
    if not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise SigningError(_said(done))
    return done.stdout


def verify_signature(path: str, signers: str, identity: str) -> str:
    """Verify the signature beside a file; return what ssh-keygen says.

    Args:
        path: the file that was signed.
        signers: a file of allowed signers, as `man ssh-keygen` describes it.
        identity: who must have signed.

    Raises:
        SigningError: where ssh-keygen is missing, or the signature is not good.
    """
    return _said(_run(["-Y", "verify", "-n", _NAMESPACE, "-f", signers, "-I", identity, "-s", signature_path(path)], _content(path)))


def _content(path: str) -> bytes:
    """Return what is signed; a pipe or a device is not."""
    for one in (path, signature_path(path)):
        if odd_kind(one):
            raise SigningError(f"{one}: not a regular file")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SigningError(f"{path}: {error.strerror}") from error


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
