"""`policy-engine record`: hold a file of records against its hash chain, and print the head that is kept elsewhere."""

import os
from functools import partial
from typing import Any, NamedTuple

import click

from policy_engine.cli.options import COMMANDS, OPTIONS, format_option, language_option, nothing
from policy_engine.cli.outputs import Output, hold_outputs
from policy_engine.cli.streams import STANDARD, open_records, watched
from policy_engine.errors import N_
from policy_engine.messages import plural, translate
from policy_engine.report.problems import visible

_VERIFY = N_(
    """Find every record that was changed, removed or moved, every run that was cut or recorded twice, and print the head of the chain.

    Each record is held against the text of its case as well. Keep the head elsewhere, in the minutes for instance: whole runs
    cut off at the end can only be seen by who knows it (`--head`, or `--head-file` with what `record head --sign` wrote).
    Ends with 1 where anything is not as it was written."""
)
_HEAD = N_(
    """Print the head of the chain as a line for the minutes, with what it vouches for.

    With `--sign KEY` that is written to `FILE.head`, and signed with an SSH key (`ssh-keygen -Y sign`) in `FILE.head.sig`:
    send both to another office. `record verify FILE --signers SIGNERS --identity WHO` holds the file against them. Ends with 1
    where anything in the file is not as it was written; a broken chain is not signed."""
)
_BROKEN = frozenset({"unreadable", "torn", "unended", "changed", "out_of_place", "contradicted", "form"})
"""Faults of lines; a chain with one is not signed. A run that was cut, or recorded twice, is what happened, and may be vouched for."""


def build_record(language: str) -> click.Group:
    """Build the group of commands in a language."""
    words = translate(N_("Look after decision records."), language)
    return click.Group(
        "record", help=words, short_help=words, commands=[_build_verify(language), _build_head(language)],
        params=[language_option(language)], callback=nothing, subcommand_metavar=translate(COMMANDS, language),
        options_metavar=translate(OPTIONS, language), no_args_is_help=True,
    )  # fmt: skip


def _build_verify(language: str) -> click.Command:
    """Build `record verify`."""
    head = N_("The head that was kept elsewhere; it must be in the chain.")
    file = N_("The file in which `record head --sign` kept the head; with --signers, `FILE.head` where none is named.")
    return click.Command(
        "verify",
        help=translate(_VERIFY, language),
        short_help=translate(N_("Hold a file of records against its hash chain."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(_called, language),
        params=[
            click.Argument(["path"], metavar="FILE", type=click.Path()),
            click.Option(["--head"], metavar="HASH", help=translate(head, language)),
            click.Option(["--head-file"], metavar="FILE", type=click.Path(), help=translate(file, language)),
            click.Option(
                ["--signers"], metavar="FILE", type=click.Path(), help=translate(N_("Allowed signers, as ssh-keygen reads them."), language)
            ),
            click.Option(["--identity"], metavar="WHO", help=translate(N_("Who must have signed."), language)),
            format_option(language, ("text", "json")),
            language_option(language),
        ],
    )


def _build_head(language: str) -> click.Command:
    """Build `record head`."""
    key = N_("Write the head to `FILE.head`, and sign it with this SSH key.")
    return click.Command(
        "head",
        help=translate(_HEAD, language),
        short_help=translate(N_("Print the head to keep elsewhere."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(show_head, language),
        params=[
            click.Argument(["path"], metavar="FILE", type=click.Path()),
            click.Option(["--sign"], metavar="KEY", type=click.Path(), help=translate(key, language)),
            format_option(language, ("text", "json")),
            language_option(language),
        ],
    )


class Asked(NamedTuple):
    """What `record verify` was asked."""

    path: str
    head: str | None
    head_file: str | None
    signers: str | None
    identity: str | None
    form: str
    lang: str | None


class _Kept(NamedTuple):
    """The head that was kept elsewhere: the digest, which record it is of where that was kept too, and how its signature came out."""

    head: str
    number: int | None = None
    signature: str = ""
    holds: bool = True


def _called(language: str, **given: Any) -> int:  # noqa: ANN401  (click hands over what it read)
    """Take what click read."""
    return verify_records(language, Asked(**given))


def verify_records(language: str, asked: Asked) -> int:
    """Follow the chain and print what is wrong with it, and its head; give the exit code."""
    from policy_engine.audit.chain import Verifier
    from policy_engine.audit.form import contradictions

    kept = _kept(asked, language)
    verifier, met = Verifier(contradictions), False
    with open_records(asked.path) as file:
        for line in watched(file, asked.path, translate(N_("verifying"), language)):
            verifier.read(line)
            met = met or (kept is not None and kept.head == verifier.head.hash and kept.number in (None, verifier.lines))
    _write(asked, verifier, kept, language, met=met)
    return int(bool(verifier.faults) or (kept is not None and not (met and kept.holds)))


def _kept(asked: Asked, language: str) -> _Kept | None:
    """Return the head that was kept elsewhere, with its signature verified where that was asked.

    Raises:
        UsageError: where options are missing, or say two things.
        InputError: where the file of the head cannot be read.
    """
    from policy_engine.audit.chain import read_head
    from policy_engine.load.seal import SigningError, verify_signature

    if bool(asked.signers) != bool(asked.identity):
        raise click.UsageError(
            translate(N_("--signers and --identity belong together: a file of allowed signers, and who must have signed"), language)
        )
    if asked.head is not None and (asked.head_file or asked.signers):
        raise click.UsageError(translate(N_("name the head with --head, or the file that keeps it; not both"), language))
    path = asked.head_file or (f"{asked.path}.head" if asked.signers else None)
    if path is None:
        return None if asked.head is None else _Kept(asked.head)
    number, head = read_head(path)
    if not asked.signers or not asked.identity:
        return _Kept(head, number)
    try:
        return _Kept(head, number, verify_signature(path, asked.signers, asked.identity))
    except SigningError as error:
        return _Kept(head, number, str(error), holds=False)


def _write(asked: Asked, verifier: Any, kept: _Kept | None, language: str, *, met: bool) -> None:  # noqa: ANN401  (a Verifier, loaded late)
    """Print what was found."""
    from policy_engine.explain.replay import chain_fault
    from policy_engine.report.json import to_json

    faults = verifier.faults
    if asked.form == "json":
        click.echo(to_json({
            "file": asked.path, "records": verifier.lines, "runs": verifier.runs, "head": verifier.head.hash,
            "faults": [fault._asdict() for fault in faults], "head_found": met if kept else None,
            "signature": kept.signature or None if kept else None, "signature_holds": kept.holds if kept and asked.signers else None,
        }))  # fmt: skip
        return
    for fault in faults:
        click.echo(visible(chain_fault(fault, language)))
    if kept and not met:
        words = N_("the head {head} is not in this chain: records were removed or rewritten")
        click.echo(translate(words, language, head=visible(kept.head)))
    if kept and kept.signature:
        words = N_("signature of the kept head: {said}") if kept.holds else N_("the signature of the kept head is not good: {said}")
        click.echo(translate(words, language, said=visible(kept.signature)))
    click.echo(_counted(verifier, met if kept else None, language))


def _counted(verifier: Any, met: bool | None, language: str) -> str:  # noqa: ANN401, FBT001  (a Verifier, loaded late; three answers)
    """Count records, runs and faults, and say whether the end of the file was held against anything: the chain alone does not see a cut."""
    held = {
        None: N_("not held against a kept head (--head): whole runs cut off at the end are not seen"),
        True: N_("the kept head is in the chain"),
        False: N_("the kept head is not in the chain"),
    }[met]  # fmt: skip
    counted = (
        plural("{number} record", "{number} records", verifier.lines, language),
        *([plural("{number} run", "{number} runs", verifier.runs, language)] if verifier.runs else []),
        plural("{number} fault", "{number} faults", len(verifier.faults), language),
        translate(held, language),
    )
    return translate(N_("{counts}; head {head}"), language, counts=", ".join(counted), head=verifier.head.hash)


def show_head(language: str, path: str, sign: str | None, form: str, lang: str | None) -> int:
    """Follow the chain, print its head as a line for the minutes, and sign it where that was asked; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.audit.chain import (
        HeadFinder,
        Verifier,
    )
    from policy_engine.audit.form import contradictions
    from policy_engine.explain.replay import chain_fault, minutes
    from policy_engine.report.json import to_json

    if sign is not None:
        _hold_signing(path, sign, language)
    finder = HeadFinder(Verifier(contradictions))
    with open_records(path) as file:
        for line in watched(file, path, translate(N_("verifying"), language)):
            finder.read(line)
    faults = finder.verifier.faults
    data = finder.to_data(path)
    broken = any(fault.fault in _BROKEN for fault in faults)
    kept = to_json(data | {"file": os.path.basename(path)}) + "\n"
    signed = _signed(path, sign, kept, language) if sign is not None and not broken else []
    if form == "json":
        click.echo(to_json(data | {"written": signed}))
        return int(bool(faults))
    for fault in faults:
        click.echo(visible(chain_fault(fault, language)))
    for sentence in minutes(finder, path, language):
        click.echo(visible(sentence))
    if sign is not None and broken:
        click.echo(translate(N_("not signed: the chain is broken, and a signature would vouch for it"), language))
    for name in signed:
        click.echo(translate(N_("written: {path}"), language, path=visible(name)))
    return int(bool(faults))


def _hold_signing(path: str, key: str, language: str) -> None:
    """Refuse to sign where there is no file beside which the head could be kept."""
    if path == STANDARD:
        raise click.UsageError(translate(N_("--sign needs a file of records; the head is kept beside it"), language))
    hold_outputs(language, [Output("--sign", f"{path}.head"), Output("--sign", f"{path}.head.sig")], [path, key])


def _signed(path: str, key: str, content: str, language: str) -> list[str]:
    """Write the head and its signature, once the signature is made; return their paths."""
    from policy_engine.load.files import write_whole
    from policy_engine.load.seal import SigningError, signature_of, signature_path

    head = f"{path}.head"
    try:
        signature = signature_of(content.encode(), key)
        for one, raw in ((head, content.encode()), (signature_path(head), signature)):
            write_whole(one, raw)
    except (SigningError, OSError) as error:
        words = N_("the head was not signed: {reason}")
        raise click.UsageError(translate(words, language, reason=visible(getattr(error, "strerror", None) or str(error)))) from error
    return [head, signature_path(head)]
