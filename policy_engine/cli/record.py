"""`policy-engine record verify`: hold a file of records against its hash chain."""

from functools import partial

import click

from policy_engine.cli.options import COMMANDS, OPTIONS, format_option, language_option, nothing
from policy_engine.cli.streams import open_records, watched
from policy_engine.errors import N_
from policy_engine.messages import plural, translate

_HELP = N_(
    """Find every record that was changed, removed or moved, and print the head of the chain.

    Keep the head elsewhere, in the minutes for instance: records cut off at the end can only be seen by who knows it
    (`--head`). Ends with 1 where anything is not as it was written."""
)


def build_record(language: str) -> click.Group:
    """Build the group of commands in a language."""
    head = N_("The head that was kept elsewhere; it must be in the chain.")
    verify = click.Command(
        "verify",
        help=translate(_HELP, language),
        short_help=translate(N_("Hold a file of records against its hash chain."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(verify_records, language),
        params=[
            click.Argument(["path"], metavar="FILE", type=click.Path()),
            click.Option(["--head"], metavar="HASH", help=translate(head, language)),
            format_option(language, ("text", "json")),
            language_option(language),
        ],
    )
    words = translate(N_("Look after decision records."), language)
    metavar = translate(COMMANDS, language)
    return click.Group(
        "record", help=words, short_help=words, commands=[verify], params=[language_option(language)], callback=nothing,
        subcommand_metavar=metavar, options_metavar=translate(OPTIONS, language), no_args_is_help=True,
    )  # fmt: skip


def verify_records(language: str, path: str, head: str | None, form: str, lang: str | None) -> int:
    """Follow the chain and print what is wrong with it, and its head; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.audit.chain import Verifier  # noqa: PLC0415  (what a run does not need it does not load)
    from policy_engine.explain.replay import chain_fault  # noqa: PLC0415
    from policy_engine.report.data import to_json  # noqa: PLC0415

    verifier, met = Verifier(), head is None
    with open_records(path) as file:
        for line in watched(file, path, translate(N_("verifying"), language)):
            verifier.read(line)
            met = met or verifier.head.hash == head
    if form == "json":
        faults = [fault._asdict() for fault in verifier.faults]
        data = {"file": path, "records": verifier.lines, "head": verifier.head.hash, "faults": faults, "head_found": met if head else None}
        click.echo(to_json(data))
    else:
        for fault in verifier.faults:
            click.echo(chain_fault(fault, language))
        if not met:
            click.echo(translate(N_("the head {head} is not in this chain: records were removed or rewritten"), language, head=head))
        click.echo(_counted(verifier.lines, len(verifier.faults), verifier.head.hash, met if head else None, language))
    return int(bool(verifier.faults) or not met)


def _counted(records: int, faults: int, head: str, met: bool | None, language: str) -> str:  # noqa: FBT001  (three answers)
    """Count records and faults, and say whether the end of the file was held against anything: the chain alone does not see a cut."""
    held = {
        None: N_("not held against a kept head (--head)"), True: N_("the kept head is in the chain"),
        False: N_("the kept head is not in the chain"),
    }[met]  # fmt: skip
    counted = (
        plural("{number} record", "{number} records", records, language),
        plural("{number} fault", "{number} faults", faults, language),
        translate(held, language),
    )
    return translate(N_("{counts}; head {head}"), language, counts=", ".join(counted), head=head)
