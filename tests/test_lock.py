"""The lock and the digest: the shortcuts give what the long way gives, and a changed byte closes them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.load.digest import sha256_of
from policy_engine.load.edition import _canonical, load_edition, read_folder
from policy_engine.load.files import data_root
from policy_engine.load.lock import NAME, sealed_revision
from policy_engine.load.seal import lock_text

RULEBOOK = Path(data_root(), "rulebook")
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the editions, with their lock."""
    return Path(shutil.copytree(RULEBOOK, tmp_path / "rulebook"))


def test_the_lock_is_up_to_date() -> None:
    """Rule: the lock that is shipped names the editions that are shipped (else: python -m policy_engine.load.seal rulebook)."""
    assert lock_text(str(RULEBOOK)) == (RULEBOOK / NAME).read_text("utf-8")


def test_the_digest_is_the_same_with_and_without_the_lock() -> None:
    """Rule: the lock saves time and changes nothing."""
    folder = str(RULEBOOK / "2020")

    assert (
        load_edition(folder, trust_lock=False).revision == load_edition(folder).revision == sealed_revision(folder, read_folder(folder)[1])
    )


@pytest.mark.parametrize("change", ["a byte", "a new file", "a file less"])
def test_a_change_of_bytes_closes_the_lock(copy: Path, change: str) -> None:
    """Rule: where anything differs from what was sealed, the lock says nothing."""
    folder = copy / "2020"
    facts = folder / "facts.yaml"
    if change == "a byte":
        facts.write_bytes(facts.read_bytes() + b"#")
    elif change == "a new file":
        (folder / "more.yaml").write_text("criteria: {}\n", "utf-8")
    else:
        (folder / "register.yaml").unlink()

    assert sealed_revision(str(folder), read_folder(str(folder))[1]) is None


def test_a_comment_changes_bytes_and_not_the_digest(copy: Path) -> None:
    """Rule: the digest is of the meaning; without the lock it is worked out, and comes out the same."""
    folder = copy / "2020"
    before = load_edition(str(folder)).revision
    (folder / "facts.yaml").write_bytes(b"# a remark\n" + (folder / "facts.yaml").read_bytes())

    assert before == load_edition(str(folder)).revision


def test_a_lock_of_ones_own_is_not_believed(copy: Path) -> None:
    """Rule: who changes a rulebook and the lock beside it still gets the digest of what was evaluated."""
    folder = copy / "2020"
    before, facts = load_edition(str(folder)).revision, folder / "facts.yaml"
    old = sha256_of((facts.read_bytes(),))
    facts.write_text(facts.read_text("utf-8").replace("may_be_none: true", "may_be_none: false"), "utf-8")
    lock = copy / NAME
    lock.write_text(lock.read_text("utf-8").replace(old, sha256_of((facts.read_bytes(),))), "utf-8")

    assert before == sealed_revision(str(folder), read_folder(str(folder))[1])
    assert before != load_edition(str(folder)).revision


@given(PLAIN)
def test_the_canonical_form_is_that_of_the_library(content: Any) -> None:
    """Rule: the fast encoder writes the very bytes of RFC 8785."""
    assert rfc8785.dumps(content) == _canonical(content)
