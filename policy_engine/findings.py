"""What `check` finds in an edition that can be read: the sentences, what to do, and how bad each is."""

from collections.abc import Mapping

from policy_engine.wording import N_, Entry

FINDINGS: Mapping[str, Entry] = {
    # What nothing uses
    "PE801": Entry(
        N_("nothing reads the fact `{name}`, which stands for {clause}"),
        N_("use it in a rule of that clause, or take it away; a fact kept only for old cases cites no clause"),
    ),
    "PE802": Entry(N_("the fact `{name}` is declared but unused"), N_("take it away, unless old cases state it"), "note"),
    "PE803": Entry(
        N_("no condition uses the threshold `{name}`"), N_("use it where its figure decides something, or take it away"), "warning"
    ),
    "PE804": Entry(
        N_("nothing rests on the reading `{name}`"), N_("name it under `readings:` of what rests on it, or take it away"), "warning"
    ),
    "PE805": Entry(N_("no track uses the shared criterion `{name}`"), N_("take it up with `use:`, or take it away"), "warning"),
    "PE806": Entry(N_("no route names the body `{name}`"), N_("name it in a route, or take it away")),
    # What stands twice
    "PE807": Entry(
        N_("`{name}` asks the same as `{other}` in the same level (line {line}): {condition}"),
        N_("keep one of the two, or correct the condition that was copied"),
        "warning",
    ),
    "PE808": Entry(
        N_("`{name}` asks the same as `{other}` of another level (line {line}): {condition}"),
        N_("if one criterion is meant, write it once under `criteria:` and take it up with `use:`"),
        "note",
    ),
    # The text
    "PE809": Entry(
        N_("the clause {clause} is neither encoded nor explained"), N_("encode it, or say under `why_not:` why nothing does"), "warning"
    ),
    "PE810": Entry(
        N_("{sort} `{name}` cites {clause}, which the clause map does not list{nearest}"),
        N_("correct the cite, or add the clause to the file `clauses:`"),
    ),
    "PE811": Entry(
        N_("the edition has no clause map, so nothing tells which clauses of the text it leaves out"), N_("add a file `clauses:`"), "note"
    ),
    # The two languages
    "PE812": Entry(
        N_("the sentence under `{here}:` has no `{{{name}}}`, but the one under `{other}:` has"),
        N_("show the same figures in every language"),
        "warning",
    ),
    "PE813": Entry(
        N_("the sentence is the same in every language: {sentence}"), N_("translate it; if it is a name that stays, leave it"), "warning"
    ),
    # Conditions against the operative words
    "PE814": Entry(
        N_("the condition says `{found}`, but the phrase “{phrase}” says `{means}` (“{word}”)"),
        N_("write `{wanted}`, or correct the phrase if the text says otherwise"),
    ),
    "PE815": Entry(
        N_("the value of `{name}` is {value}, but its phrase “{phrase}” says {found}"),
        N_("correct the value, or the phrase if the text says otherwise"),
    ),
    "PE816": Entry(
        N_("`{found}`: the phrase “{phrase}” holds none of the operative words, so nothing bears the sign out"),
        N_("copy the word that stands there into the phrase, or add it to the file `operative_words:`"),
        "note",
    ),
    "PE817": Entry(
        N_("the phrase “{phrase}” says `{means}` (“{word}”), but no comparison of the condition answers to it: {condition}"),
        N_("see that the fact is asked in just these words, or compare with a threshold"),
        "note",
    ),
    "PE818": Entry(
        N_("the phrase “{phrase}” of `{name}` holds no figure, so nothing bears {value} out"),
        N_("copy the figure into the phrase; a figure in words belongs into the file `operative_words:`"),
        "note",
    ),
    "PE819": Entry(
        N_("the edition has thresholds but no file `operative_words:`, so nothing was held against its phrases"),
        N_("add the file, with the words of the text that mean at least, at most, more, less, every"),
        "note",
    ),
    # The register, and the files
    "PE820": Entry(
        N_("interpretations not accepted yet: {says}"),
        N_("let the policy owner decide, then write `status: accepted`"),
        "note",
    ),
    "PE821": Entry(
        N_("letters of this line are written in pieces (not NFC), so that a search does not find them"),
        N_("`policy-engine check --fix` composes them"),
        "warning",
    ),
    "PE822": Entry(
        N_("the file has no line that tells editors its schema, as the others have"),
        N_("`policy-engine check --fix` adds: {line}"),
        "note",
    ),
    # The scale
    "PE207": Entry(
        N_("the level `{level}` cites no clause, though others of the scale do"),
        N_("add `cite:` with the clause that defines it"),
        "warning",
    ),
    # What is told apart and passed by
    "PE823": Entry(
        N_("the chapter {part} does not say whether it is for the track `{name}`, which would be asked nothing of it: {rules}"),
        N_("name the track under `tracks:`, or under `except:` with the reason"),
    ),
    "PE824": Entry(
        N_("the chapter {part} tells `{of}` apart and never names `{name}`, which these rules do not reach: {rules}"),
        N_("name it in the conditions of those that hold for it too, or under `except:` of the chapter with the reason"),
    ),
    "PE825": Entry(
        N_("the tracks are told apart by `{of}`, and none names `{name}`, so whoever has it may belong to none: {rules}"),
        N_("name it under `applies_to:` of the track that it belongs to, or under `except:` of a file of facts with the reason"),
    ),
    "PE826": Entry(
        N_("the edition tells `{of}` apart, and nothing in it names `{name}`, which these do not reach: {rules}"),
        N_("name it in those that hold for it too, take it away, or name it under `except:` of a file of facts with the reason"),
    ),
    "PE827": Entry(
        N_("`{name}` of `{of}` stands under `except:`, but nothing there would pass it by"),
        N_("take it out of `except:`; an exemption that is not needed hides the next item that is passed by"),
        "warning",
    ),
}  # fmt: skip
FIXABLE = ("PE821", "PE822")
"""What `--fix` mends: neither changes what a file means."""
