"""`policy-engine explain`: what a code means, why nothing is guessed, how it is mended."""

from functools import partial

import click

from policy_engine.cli.options import OPTIONS, format_option, language_option
from policy_engine.errors import N_
from policy_engine.messages import translate

_HELP = N_(
    """Tell what a code means: what was found, why it is refused or reported, and how it is mended.

    CODE is a code as errors and findings show it, such as PE302. Without one, all codes are listed."""
)
_LONGEST = 12
"""A longer name is no slip of a code."""


def build_explain(language: str) -> click.Command:
    """Build the command in a language."""
    return click.Command(
        "explain",
        help=translate(_HELP, language),
        short_help=translate(N_("Tell what a code means, and how it is mended."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(explain_codes, language),
        params=[
            click.Argument(["names"], metavar="[CODE...]", nargs=-1, shell_complete=_complete),
            format_option(language),
            language_option(language),
        ],
    )


def _complete(context: click.Context, option: click.Parameter, typed: str) -> list[str]:
    """Return the codes that begin with what is typed."""
    del context, option
    from policy_engine.load.files import codes

    return [code for code in codes() if code.startswith(typed.upper())]


def explain_codes(language: str, names: tuple[str, ...], form: str, lang: str | None) -> int:
    """Print the pages of the codes, or the list of all; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.load.files import codes, read_page

    known = codes()
    for name in names:
        _refuse_unknown(name, known, language)
    wanted = list(dict.fromkeys(name.strip().upper() for name in names))
    pages = [read_page(code, language) for code in wanted or known]
    if form == "json":
        from policy_engine.report.json import to_json
        from policy_engine.report.page import page_to_data

        told = [page_to_data(page) for page in pages]
        click.echo(to_json(told[0] if len(wanted) == 1 else told))
    elif wanted:
        from policy_engine.cli.output import colour, wants_colour
        from policy_engine.report.page import page_to_markdown, page_to_text
        from policy_engine.report.text import plain

        style = colour if wants_colour() else plain
        texts = [page_to_markdown(page) if form == "markdown" else page_to_text(page, style) for page in pages]
        click.echo("\n".join(texts), nl=False)
    else:
        from policy_engine.cli.output import write_prose
        from policy_engine.explain.maps import explain_list

        write_prose(explain_list([(page.code, page.title) for page in pages], language), form)
    return 0


def _refuse_unknown(name: str, known: list[str], language: str) -> None:
    """Refuse a code that has no page, as it was written, naming the nearest ones."""
    code = name.strip().upper()
    if code in known:
        return
    from policy_engine.language.complaint import nearest_few
    from policy_engine.report.problems import visible

    near = nearest_few(code, known) if len(code) <= _LONGEST else []
    words = N_("Unknown code `{name}`. List: `policy-engine explain`")
    if near:
        words = N_("Unknown code `{name}`; nearest: {nearest}. List: `policy-engine explain`")
    raise click.UsageError(translate(words, language, name=visible(name), nearest=", ".join(near)))
