"""What the commands of `policy-engine edition` do: list, show, copy, seal and verify."""

import os
from collections.abc import Iterable
from datetime import date

import click

from policy_engine.cli.outputs import Output, hold_outputs
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate
from policy_engine.report.problems import visible


def show_list(language: str, form: str, rulebook: str | None, lang: str | None) -> int:
    """Print the list of editions."""
    del lang  # read before the command was built
    from policy_engine.cli.output import write_prose
    from policy_engine.cli.shelf import shelf, shelved_to_data
    from policy_engine.explain.editions import explain_list
    from policy_engine.load.library import Library
    from policy_engine.report.json import to_json

    found = shelf(rulebook)
    if form == "json":
        click.echo(to_json([shelved_to_data(one) for one in found]))
    else:
        write_prose(explain_list(found, language), form)
    for name in Library(rulebook).gone():
        click.echo(translate(N_("the edition {edition} is sealed, and its folder is not there"), language, edition=visible(name)), err=True)
    return 0


def show_one(language: str, edition: str | None, form: str, rulebook: str | None, lang: str | None) -> int:
    """Print what one edition holds."""
    del lang
    from policy_engine.cli.output import write_prose
    from policy_engine.cli.shelf import shelf, shelved_to_data
    from policy_engine.explain.editions import explain_edition
    from policy_engine.load.library import Library
    from policy_engine.report.json import to_json

    name = Library(rulebook).name_or_last(edition)
    one = shelf(rulebook, (name,))[0]
    if form == "json":
        click.echo(to_json(shelved_to_data(one)))
    else:
        write_prose(explain_edition(one, language), form)
    return 0


def _days(language: str, name: str, period: str | None) -> tuple[date, date]:
    """Return the first and the last day that a new edition governs; refuse an id that YAML, a folder or the lock cannot hold."""
    from policy_engine.load.library import days_of
    from policy_engine.load.lock import is_an_id

    if not is_an_id(name):
        words = N_("`{name}` cannot be an id: use letters, digits, dots and dashes, beginning with a letter or digit")
        raise click.UsageError(translate(words, language, name=visible(name)))
    days = days_of(period) if period is not None else days_of(name) or days_of(name[:4])
    if days is None:
        raise click.UsageError(translate(N_("say which period it governs: --period 2021, or --period 2021-Q1"), language))
    return days


def make_new(
    language: str, name: str, source: str, period: str | None, to: str | None, form: str, rulebook: str | None, lang: str | None
) -> int:  # fmt: skip
    """Copy an edition, and print what in it still speaks of the old period."""
    del lang
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.editions import explain_new
    from policy_engine.load.files import unwritten
    from policy_engine.load.library import Library
    from policy_engine.load.new_edition import new_edition
    from policy_engine.report.json import to_json

    days = _days(language, name, period)
    library = Library(rulebook)
    root = to if to is not None else library.writable_folder()
    if root is None:
        raise click.UsageError(
            translate(N_("the editions that come with the engine are not written to: name a folder with --to"), language)
        )
    old = library.folder_of(source)
    hold_outputs(language, [Output("--to", root, is_folder=True)])
    if os.path.realpath(root).startswith(os.path.realpath(old) + os.sep) or os.path.realpath(root) == os.path.realpath(old):
        words = N_("`{path}` lies in the edition that is copied; name a folder of editions")
        raise click.BadParameter(translate(words, language, path=visible(root)), param_hint="'--to'")
    try:
        folder, remaining = new_edition(old, root, name, *days)
    except FileExistsError:
        words = N_("there is a folder {path} already; it is left as it is")
        raise click.UsageError(translate(words, language, path=visible(os.path.join(root, name)))) from None
    except OSError as error:
        raise unwritten(root, error) from error
    if form == "json":
        told = [{"file": one.location.file, "line": one.location.line, "text": one.text} for one in remaining]
        click.echo(to_json({"folder": folder, "remaining": told}))
    else:
        write_prose(explain_new(folder, remaining, language), form)
    return 0


def seal(language: str, name: str, again: bool, sign: str | None, rulebook: str | None, lang: str | None) -> int:  # noqa: FBT001  (a flag of the command line)
    """Seal an edition; give the exit code."""
    del lang
    from policy_engine.cli.shelf import read_shelf
    from policy_engine.evaluate.core.plan import plan_of
    from policy_engine.explain.editions import is_whole
    from policy_engine.load.files import unwritten, write_whole
    from policy_engine.load.library import Library
    from policy_engine.load.seal import SigningError, make_seal, signature_of, signature_path, write_seal

    folder = Library(rulebook).folder_of(name)
    read = read_shelf(folder)
    _hold_seal(folder, name, read.documents, sign, language)
    if read.edition.status != "issued":
        raise click.UsageError(
            translate(N_("{edition} is a draft; a draft is not sealed. Write `status: issued` first."), language, edition=name)
        )
    if read.report.sealed and not is_whole(read.report) and not again:
        words = N_("{edition} is sealed already and means something else now; see `edition verify {edition}`, or seal it with --again")
        raise click.UsageError(translate(words, language, edition=name))
    plan_of(read.edition)  # figures that contradict each other are refused before they are sealed
    made = make_seal(folder, read.documents, read.raws)
    if not read.report.sealed and not again and _has_other_copy(made.copy_path, made.copy):
        words = N_("{edition} has no seal in `editions.lock`, but {path} is the sealed copy of another meaning; seal it with --again")
        raise click.UsageError(translate(words, language, edition=name, path=visible(made.copy_path)))
    signature = signature_path(made.lock_path)
    try:
        signed = signature_of(made.lock, sign) if sign else b""  # a key that is none leaves everything as it is
        write_seal(made)
        if signed:
            write_whole(signature, signed)
    except SigningError as error:
        raise click.UsageError(visible(str(error))) from error
    except OSError as error:
        raise unwritten(str(error.filename or folder), error) from error
    if os.path.exists(signature) and not sign:
        words = N_("{path} is the signature of the lock before this; sign anew with --sign")
        click.echo(translate(words, language, path=visible(signature)))
    click.echo(translate(N_("sealed: {edition}, revision sha256:{revision}"), language, edition=name, revision=made.revision))
    if sign:
        click.echo(translate(N_("signed: {path}"), language, path=visible(signature)))
    return 0


def _has_other_copy(path: str, content: bytes) -> bool:
    """Return whether a sealed copy is left that is not the one to be written."""
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) != content
    except OSError:
        return False


def _hold_seal(folder: str, name: str, files: Iterable[str], sign: str | None, language: str) -> None:
    """Refuse to seal where the lock cannot be written, or cannot hold the names of the files.

    Raises:
        UsageError: where that is so.
    """
    from policy_engine.load.lock import NAME, copy_path, is_a_name, lock_path, name_of, root_of

    for file in files:
        if not is_a_name(f"{name}/{name_of(folder, file)}"):
            words = N_("the name `{name}` cannot stand in `editions.lock`, where each name is one line of text; rename the file")
            raise click.UsageError(translate(words, language, name=visible(name_of(folder, file))))
    lock = lock_path(root_of(folder))
    copy = copy_path(folder, name)
    written = [Output(NAME, lock), *([Output("--sign", f"{lock}.sig")] if sign is not None else [])]
    hold_outputs(language, [*written, Output(NAME, os.path.dirname(copy), is_folder=True)], [sign] if sign is not None else [])
    if os.path.isdir(os.path.dirname(copy)):
        hold_outputs(language, [Output(NAME, copy)])


def verify(
    language: str, names: tuple[str, ...], signers: str | None, identity: str | None, form: str, rulebook: str | None, lang: str | None
) -> int:  # fmt: skip
    """Hold editions against their seals; give the exit code.

    Raises:
        InputError: with what cannot be read as an edition, after it was said how the others stand.
    """
    del lang
    from policy_engine.cli.output import write_prose
    from policy_engine.cli.shelf import report_to_data, seals
    from policy_engine.explain.editions import explain_seals, holds
    from policy_engine.report.json import to_json

    if identity and not signers:
        raise click.UsageError(translate(N_("--identity needs --signers, a file of allowed signers"), language))
    if signers and not identity:
        raise click.UsageError(translate(N_("--signers needs --identity: who must have signed"), language))
    found = seals(rulebook, names, signed=bool(signers))
    said, valid = _signatures(found.roots, signers, identity)
    whole = valid and all(map(holds, found.held))
    if form == "json":
        click.echo(to_json({"editions": [report_to_data(one) for one in found.held], "signature": said or None, "whole": whole}))
    else:
        write_prose(explain_seals(found.held, language), form)
        if said:
            click.echo("\n" + translate(N_("signature: {said}"), language, said=said))
    if found.problems:
        raise InputError(found.problems)
    return 0 if whole else 1


def _signatures(roots: Iterable[str], signers: str | None, identity: str | None) -> tuple[str, bool]:
    """Verify the signature of every lock that was asked; return what is said of them, and whether all are valid."""
    from policy_engine.load.lock import lock_path
    from policy_engine.load.seal import SigningError, verify_signature

    said: list[str] = []
    valid = True
    for root in roots if signers and identity else ():
        try:
            said.append(verify_signature(lock_path(root), signers or "", identity or ""))
        except SigningError as error:
            said.append(str(error))
            valid = False
    return visible("; ".join(said)), valid
