"""The words of click that a user of our command line can meet, marked so that they enter our catalogue.

click ships no translations. It asks gettext, and `messages.bind_click` points gettext at our
catalogue; so what click says must stand there under click's own wording. `pybabel` reads this
file beside the package (see `docs/messages.md`). Its texts are data: nothing here is ever shown.
"""

from policy_engine.messages import N_


def plural(one: str, _many: str) -> str:
    """Mark a text of two numbers for the catalogue, and give the one that gettext looks it up by."""
    return one


HELP = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("env var: {var}"),
)
WRONG_USAGE = (
    N_("Try '{command} {option}' for help."),
    N_("Error: {message}"),
    N_("Missing command."),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing {param_type}"),
    N_("Missing parameter: {param_name}"),
    N_("Choose from:\n\t{choices}"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    N_("Option {name!r} does not take a value."),
    plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
)
FILES = (
    N_("Could not open file {filename!r}: {message}"),
    N_("unknown error"),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
)
COMPLETION = (
    N_("Shell completion is not supported for Bash versions older than 4.4."),
    N_("Couldn't detect Bash version, shell completion is not supported."),
)
OLDER = (N_("No such option: {name}"),)
"""Wordings of older releases of click that `pyproject.toml` still allows."""
