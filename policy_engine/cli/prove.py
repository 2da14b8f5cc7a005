"""`policy-engine prove`: what holds in every case, and the smallest case where something does not."""

import os
import re
from functools import partial
from typing import TYPE_CHECKING

import click

from policy_engine.cli.options import OPTIONS, edition_argument, format_option, language_option, rulebook_option
from policy_engine.cli.output import answer_refused, note_reworded
from policy_engine.cli.outputs import Output, hold_outputs
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate

if TYPE_CHECKING:
    from policy_engine.prove.edition import Proof

_HELP = N_(
    """Ask of every case at once: gaps and overlaps, levels that cannot be reached, criteria that never decide, the ladder of
    levels, and what an edition promises of itself.

    Every answer is PROVEN, REFUTED by a smallest case, or UNDECIDED. Without EDITION every edition is asked about. With
    `--witnesses` each case is written as a file that `policy-engine evaluate` rates. Ends with 1 where a claim is not proven.
    Needs the extra `prove`."""
)


_BUDGET = N_("How many steps the solver may take for one question; where they run out, the answer is UNDECIDED.")


def build_prove(language: str) -> click.Command:
    """Build the command in a language."""
    words = N_("Write every smallest case into this folder as a case file; files that are there are not touched.")
    return click.Command(
        "prove",
        help=translate(_HELP, language),
        short_help=translate(N_("Ask what holds in every case."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(show_proof, language),
        params=[
            edition_argument(),
            click.Option(["--witnesses"], metavar="DIR", type=click.Path(), help=translate(words, language)),
            click.Option(["--budget"], metavar="STEPS", type=click.IntRange(1, 2**32 - 1), help=translate(_BUDGET, language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def show_proof(
    language: str, edition: str | None, witnesses: str | None, budget: int | None, rulebook: str | None, form: str, lang: str | None
) -> int:  # fmt: skip
    """Print the proof of one edition, or of all; give the exit code.

    Raises:
        InputError: where an edition cannot be read; the document that was asked for is printed all the same, and says so.
        MissingExtraError: where z3 is not installed.
    """
    del lang  # read before the command was built
    from policy_engine.load.files import unwritten
    from policy_engine.load.library import Library
    from policy_engine.prove.ask import BUDGET
    from policy_engine.prove.edition import prove

    if witnesses is not None:
        hold_outputs(language, [Output("--witnesses", witnesses, is_folder=True)])
    try:
        library = Library(rulebook)
        editions = [library.edition(name) for name in ([edition] if edition else library.folders())]
        note_reworded(tuple(editions), language)
        proofs = [prove(one, budget or BUDGET) for one in editions]
    except InputError as error:
        from policy_engine.report.compared import NOTHING_PROVEN

        answer_refused(error, form, edition or translate(N_("Proof"), language), NOTHING_PROVEN, language)
        raise
    _write(proofs, form, language)
    if witnesses is not None:
        try:
            _keep(proofs, witnesses, language)
        except OSError as error:
            raise unwritten(str(error.filename or witnesses), error) from error
    return int(not all(proof.passed for proof in proofs))


def _write(proofs: "list[Proof]", form: str, language: str) -> None:
    """Print proofs: one as one object, several as an array."""
    if form == "json":
        from policy_engine.report.compared import proof_to_data
        from policy_engine.report.json import to_json

        data = [proof_to_data(proof) for proof in proofs]
        click.echo(to_json(data[0] if len(data) == 1 else data))
        return
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.proofs import explain_proof
    from policy_engine.report.compared import notes_of

    for proof in proofs:
        write_prose(explain_proof(proof, language, notes_of((proof.edition,), language, (), rated=False)), form)


def _keep(proofs: "list[Proof]", folder: str, language: str) -> None:
    """Write every witness as a case file of its own."""
    from policy_engine.load.files import write_new
    from policy_engine.load.layout import modelines_for
    from policy_engine.prove.edition import case_text

    os.makedirs(folder, exist_ok=True)
    written = 0
    for proof in proofs:
        for claim in proof.claims:
            name = re.sub(r"[/_+]", "-", f"{proof.edition.id}-{claim.id}")
            path = os.path.join(folder, f"{name}.yaml")
            if claim.witness and not os.path.lexists(path):
                head = modelines_for(folder, "case.schema.json")
                write_new(path, case_text(claim.witness, name, head, [f"{claim.id}: {claim.answer}"]))
                written += 1
    click.echo(translate(N_("case files written: {count}"), language, count=written), err=True)
