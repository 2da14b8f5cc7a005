"""Two editions held against each other, in sentences: a line a difference, with its clause; what moves is told in `shift`."""

from collections import Counter
from collections.abc import Iterator, Sequence

from policy_engine.compare.differences import KINDS, Change, Field, Shown
from policy_engine.explain.blocks import Explanation, Line, Section, Table, Wording
from policy_engine.explain.proofs import ProofWording
from policy_engine.messages import LANGUAGES, N_, sentence, translate, with_unit
from policy_engine.model.facts import Texts
from policy_engine.model.rulebook import Edition, Track
from policy_engine.prove.claims import PROVEN, UNPROVABLE
from policy_engine.prove.transitions import Passage, Passages


def passage_sections(passages: Passages, language: str) -> Iterator[Section]:
    """Return every pair of tracks that can differ, those that cannot in a line each, and the facts that only one edition knows."""
    wording = Wording(language)
    same: list[Line] = []
    for passage in passages.passages:
        sides = ((passages.before, passage.before), (passages.after, passage.after))
        labels = [f"{one.id} · {next(wording.text(track.label) for track in one.tracks if track.id == name)}" for one, name in sides]
        title = " → ".join(labels)
        if passage.can_differ:
            yield Section(title, tuple(_passed(passages, passage, language)))
        else:
            same.append(Line("met", title))
    if same:
        yield Section(wording.say(N_("Proven: no case comes out otherwise")), tuple(same))
    before, after = passages.before.id, passages.after.id
    apart = (
        (N_("Only {edition} asks: {names}"), before, passages.only_before),
        (N_("Only {edition} asks: {names}"), after, passages.only_after),
        (N_("Declared otherwise in {edition}, so held apart: {names}"), after, passages.apart),
        (N_("Subjects of these tracks may belong to no track of {edition}: {names}"), after, passages.lost),
    )
    lines = [Line("note", wording.say(text, edition=edition, names=", ".join(names))) for text, edition, names in apart if names]
    if lines:
        yield Section(wording.say(N_("What the two editions do not share")), tuple(lines))


def _passed(passages: Passages, passage: Passage, language: str) -> Iterator[Line]:
    """Return the transitions of a pair of tracks: those that are possible, with a smallest case, and how many are not."""
    first, second = ProofWording(language, passages.before), ProofWording(language, passages.after)
    if passage.reason:
        yield Line("unknown", first.say(N_("undecided: {reason}"), reason=passage.reason.removeprefix(UNPROVABLE)))
    for one in passage.transitions:
        words = {"before": first.code(one.before), "after": second.code(one.after)}
        if one.before == one.after and one.answer == PROVEN:
            continue
        if one.answer != PROVEN or one.witness is None:
            yield Line("unknown", first.say(N_("{before} → {after}: undecided"), **words))
        else:
            shown = dict((*first.telling(one.witness[0]), *second.telling(one.witness[1])))
            facts = "; ".join(f"{name}: {value}" for name, value in shown.items()) or "–"
            yield Line("note", first.say(N_("{before} → {after}; smallest case: {facts}"), facts=facts, **words))
    if passage.excluded:
        yield Line("met", first.say(N_("proven: no other change is possible ({excluded} excluded)"), excluded=passage.excluded))


_SORTS = {
    "edition": N_("edition"), "basis": N_("basis"), "level": N_("level"), "fact": N_("fact"), "invariant": N_("rule of the figures"),
    "threshold": N_("threshold"), "track": N_("track"), "level_rule": N_("level"), "criterion": N_("criterion"),
    "decide": N_("steps of deciding"), "residual": N_("where no level holds"), "stand_in": N_("stand-in for"),
    "requires": N_("needed of the figures"), "chapter": N_("chapter"), "route": N_("route"), "requirement": N_("requirement"),
    "content": N_("content"), "ceiling": N_("ceiling"), "eligibility": N_("eligibility"), "cap": N_("cap"), "reading": N_("interpretation"),
    "body": N_("body"), "clause": N_("clause"), "clause_map": N_("clause map"), "operative_words": N_("words that carry force"),
    "gap": N_("declared gap"), "exception": N_("exception of the ladder"), "monotone": N_("promise"),
}  # fmt: skip
_FIELDS = {
    "status": N_("status"), "from": N_("first day of the period"), "until": N_("last day of the period"), "in_force": N_("in force"),
    "supersedes": N_("replaces"), "encoded_at": N_("encoded on"), "title": N_("title"), "issuer": N_("issuer"), "notes": N_("notes"),
    "day": N_("day"), "code": N_("short code"), "aliases": N_("other spellings"), "label": N_("label"), "clause": N_("clause"),
    "phrase": N_("operative words"), "type": N_("type"), "choices": N_("choices"), "fields": N_("fields of an item"),
    "counted_from": N_("counted from"), "derived": N_("worked out as"), "when_absent": N_("where nothing is stated"),
    "gathered_from": N_("gathered along"), "fixed": N_("fixed"), "locked": N_("cannot be changed afterwards"),
    "may_be_none": N_("may not exist"), "readings": N_("rests on"), "unit": N_("unit of measure"), "asks": N_("question"),
    "choice_labels": N_("words of the choices"), "field_labels": N_("words of the fields"), "holds": N_("must hold"),
    "says": N_("sentence"), "applies_to": N_("applies to"), "mode": N_("asks for"), "outcome": N_("outcome"), "level": N_("level"),
    "condition": N_("condition"), "applies_when": N_("applies when"), "applies_readings": N_("its applying rests on"),
    "steps": N_("steps"), "unless": N_("unless"), "take": N_("takes"), "reading": N_("read so"), "silent_on": N_("silent on"),
    "text_says": N_("the text"), "alternatives": N_("other interpretations"), "tracks": N_("tracks"), "duty": N_("duty"),
    "body": N_("body"), "in_time": N_("in time when"), "severity": N_("severity"), "relation": N_("relation"), "other": N_("held against"),
    "on_breach": N_("on a breach"), "when": N_("condition"), "at_most": N_("at most"), "base": N_("out of"), "per": N_("per"),
    "rounding": N_("rounding"), "counted": N_("levels counted"), "exception_at_most": N_("at most, by exception"),
    "exception_where": N_("the exception applies where"), "starts": N_("begins with"), "why_not": N_("not encoded because"),
    "leaves_out": N_("leaves out"), "order": N_("order"), "value": N_("figure"), "signs": N_("words of signs"),
    "units": N_("words of units"), "figures": N_("figures in words"), "days": N_("forms of days"), "decimal": N_("decimal sign"),
    "where": N_("where"), "without": N_("does not ask"), "more": N_("more of"), "never": N_("never"),
    "otherwise": N_("otherwise"), "otherwise_when": N_("otherwise, where"), "otherwise_readings": N_("otherwise rests on"),
    "otherwise_says": N_("otherwise, in words"), "except": N_("left out on purpose"), "except_says": N_("left out because"),
}  # fmt: skip
_WORDS = {
    "issued": N_("issued"), "draft": N_("draft"), "accepted": N_("accepted"), "proposed": N_("proposed, not yet accepted"),
    "all_of": N_("all of its criteria"), "any_of": N_("any of its criteria"),
    "gap": N_("no level"), "classified": N_("a level"), "decided_by_authority": N_("the authority decides"),
    "lowers": N_("lowers the level"), "raises": N_("raises the level"),
}  # fmt: skip
_SPOKEN = {"status", "mode", "outcome", "never", "otherwise"}
"""Fields that hold words of the rulebook language, which a reader is told in words."""
_QUOTED = {"phrase", "starts"}
_GROUPS = {
    "level": N_("Levels of the scale"), "fact": N_("Facts"), "invariant": N_("Facts"), "threshold": N_("Figures known everywhere"),
    "reading": N_("Interpretations of the register"), "body": N_("Bodies"), "clause": N_("Clauses of the text"),
    "clause_map": N_("Clauses of the text"),
}  # fmt: skip
_NOWHERE = "—"
_MANY = 20
"""From how many differences on they are counted by sort first."""


def explain_changes(before: Edition, after: Edition, changes: Sequence[Change], language: str, notes: Sequence[str] = ()) -> Explanation:
    """Put the differences between two editions into sentences.

    Args:
        before: the one edition.
        after: the other one.
        changes: their differences.
        language: `vi` or `en`.
        notes: what else stands beside the headline, in the reader's language.
    """
    return _Told(before, after, language).explanation(changes, notes)


class _Told:
    """Two editions, on their way into one language."""

    def __init__(self, before: Edition, after: Edition, language: str) -> None:
        """Take what is told of, and the language."""
        self.before, self.after, self.language = before, after, language

    def say(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def explanation(self, changes: Sequence[Change], notes: Sequence[str]) -> Explanation:
        """Put the parts together: what decides something by where it belongs, then what is only worded or ordered otherwise."""
        groups: dict[str, list[Line]] = {}
        for change in changes:
            title = self.say(N_("Wording and order: nothing is decided otherwise")) if change.wording else self._group(change)
            groups.setdefault(title, []).append(self._line(change))
        last = self.say(N_("Wording and order: nothing is decided otherwise"))
        titles = sorted(groups, key=lambda title: title == last)
        sections = (*self._glance(changes), *(Section(title, tuple(groups[title])) for title in titles))
        words = {"before": self.before.id, "after": self.after.id}
        return Explanation(
            self.say(N_("From edition {before} to {after}"), **words), self._headline(changes), "map", tuple(notes), sections
        )

    def _glance(self, changes: Sequence[Change]) -> Iterator[Section]:
        """Where there are many differences, count them by sort before they are told one by one."""
        counts: dict[str, Counter[str]] = {}
        for change in changes:
            sort = self.say(N_("order")) if change.sort == "order" else self.say(_SORTS[change.sort])
            counts.setdefault(sort, Counter()).update((change.change,))
        if len(changes) > _MANY:
            headings = (N_("part"), N_("added"), N_("dropped"), N_("changed"))
            rows = tuple((sort, *(str(found[kind] or "·") for kind in KINDS)) for sort, found in counts.items())
            yield Section(self.say(N_("At a glance")), table=Table(tuple(map(self.say, headings)), rows))

    def _headline(self, changes: Sequence[Change]) -> str:
        """Count the differences, those of wording alone apart."""
        telling = [change.change for change in changes if not change.wording]
        if not changes:
            return self.say(N_("No difference"))
        words = {"count": len(telling), "wording": len(changes) - len(telling), **{kind: telling.count(kind) for kind in set(telling)}}
        text = N_("Differences: {count} (added {added}, dropped {dropped}, changed {changed}); in wording or order alone: {wording}")
        return self.say(text, **{"added": 0, "dropped": 0, "changed": 0, **words})

    def _group(self, change: Change) -> str:
        """Return the heading that a change stands under: its track, its chapter, or its sort."""
        owner = change.owner
        if owner.kind == "track":
            track = self._track(change)
            return f"{sentence(track.label, self.language)} [{track.citation.clause}]" if track else owner.id
        if owner.kind == "chapter":
            chapters = [*self.after.chapters, *self.before.chapters]
            label = next((sentence(chapter.label, self.language) for chapter in chapters if chapter.clause == owner.id), "")
            return f"{owner.id} · {label}"
        sort = change.id if change.sort == "order" else change.sort
        return self.say(_GROUPS.get(sort, N_("The edition itself")))

    def _track(self, change: Change) -> Track | None:
        """Return the track that a change belongs to, as the edition that still has it says."""
        sides = (self.before, self.after) if change.change == "dropped" else (self.after, self.before)
        return next((track for side in sides for track in side.tracks if track.id == change.owner.id), None)

    def _line(self, change: Change) -> Line:
        """Say one difference."""
        text = self._figure(change) if change.sort == "threshold" else self._plain(change)
        if change.change != "changed":
            text = self.say(N_("added: {what}") if change.change == "added" else N_("dropped: {what}"), what=text)
        named = change.id if change.sort not in {"order", "clause", "chapter"} and change.id not in text else ""
        source = " · ".join(filter(None, (change.clause, named)))
        return Line("not_applicable" if change.change == "dropped" else "note", text, source)

    def _plain(self, change: Change) -> str:
        """Name a part, say what it is about, and tell its fields."""
        told = {field.name for field in change.fields}
        about = sentence(change.says, self.language).rstrip(" .") if change.sort != "edition" else ""
        again = change.change == "changed" and bool(told & {"label", "says", "silent_on", "title"})
        first = self._what(change) + (f" “{about}”" if about and not again else "")
        shown = [field for field in change.fields if change.change == "changed" or self._is_telling(field)]
        fields = "; ".join(self._field(field, change) for field in shown)
        return f"{first} — {fields}" if fields else first

    def _is_telling(self, field: Field) -> bool:
        """Return whether a field of a part that was added or dropped need be told: what its clause and its sentence do not say."""
        return field.name not in {
            "clause", "label", "says", "asks", "silent_on", "text_says", "alternatives", "title", "choice_labels", "field_labels", "unit",
        }  # fmt: skip

    def _what(self, change: Change) -> str:
        """Name a part by its sort, under the level that it belongs to."""
        if change.sort == "order":
            where = self._level(change.owner.level) if change.owner.level else ""
            return ", ".join(filter(None, (where, self.say(_SORTS[change.id]))))
        sort = self.say(_SORTS[change.sort])
        if change.sort in {"level", "level_rule"}:
            return f"{sort} {self._level(change.id)}"
        name = "" if change.sort in {"track", "chapter"} else change.id
        return " ".join(filter(None, (f"{self._level(change.owner.level)}, {sort}" if change.owner.level else sort, name)))

    def _figure(self, change: Change) -> str:
        """Say how a figure changed: whose level it is, its words before and after, and the figure where they do not hold it."""
        fields = {field.name: field for field in change.fields}
        value, phrase = fields.get("value"), fields.get("phrase")
        parts: list[str] = []
        if phrase:
            parts.append(self._both(phrase))
        if value and not (phrase and all(self._holds(value, phrase))):
            parts.append(self._both(value))
        parts += [self._field(field, change) for name, field in fields.items() if name == "clause" and change.change == "changed"]
        who = ", ".join(self._users(change)) or f"{self.say(_SORTS['threshold'])} {change.id}"
        return f"{who}: {'; '.join(parts)}"

    def _holds(self, value: Field, phrase: Field) -> Iterator[bool]:
        """Tell for each side whether the words hold the figure."""
        for figure, words in ((value.before, phrase.before), (value.after, phrase.after)):
            yield self._shown("value", figure, self.after) in str(words) if figure else True

    def _users(self, change: Change) -> Iterator[str]:
        """Return the levels whose criteria name a figure of a track."""
        track = self._track(change) if change.owner.kind == "track" else None
        for rule in track.levels if track else ():
            if any(figure.name == change.id for criterion in rule.criteria for figure in criterion.thresholds):
                yield self._level(rule.level)

    def _level(self, name: str) -> str:
        """Return the short code of a level."""
        known = self.after.scale.get(name) or self.before.scale.get(name)
        return known.code if known else name

    def _field(self, field: Field, change: Change) -> str:
        """Say one field, before and after."""
        side = self.before if change.change == "dropped" else self.after
        name = self.say(_FIELDS[field.name])
        if change.change != "changed":
            return f"{name}: {self._shown(field.name, field.before or field.after, side)}"
        return f"{name}: {self._both(field)}"

    def _both(self, field: Field) -> str:
        """Write a field before and after; of a list of sentences what differs; in another language where the reader's has no difference."""
        if field.before is None or field.after is None:
            return self._shown(field.name, field.before or field.after, self.after if field.before is None else self.before)
        was, now = (_without(one, other) for one, other in ((field.before, field.after), (field.after, field.before)))
        for language in (self.language, *LANGUAGES):
            told = _Told(self.before, self.after, language)
            before, after = told._shown(field.name, was, self.before), told._shown(field.name, now, self.after)
            if before != after:
                return f"{before} → {after}" if language == self.language else f"({language}) {before} → {after}"
        return f"{was} → {now}"

    def _shown(self, name: str, value: Shown, edition: Edition) -> str:
        """Write what a field holds."""
        if isinstance(value, bool):
            return self.say(N_("yes") if value else N_("no"))
        if not value:
            return _NOWHERE
        if isinstance(value, str):
            return self._text(name, value, edition)
        if isinstance(value, tuple):
            return ", ".join(self._coded(name, one) if isinstance(one, str) else self._quoted(one) for one in value)
        return self._quoted(value)

    def _quoted(self, texts: Texts) -> str:
        """Write a sentence of the edition's."""
        return f"“{sentence(texts, self.language).rstrip(' .')}”"

    def _text(self, name: str, value: str, edition: Edition) -> str:
        """Write a text: words of the rulebook language in the reader's, levels and bodies by what they are called."""
        if name in _SPOKEN and value in _WORDS:
            return self.say(_WORDS[value])
        if name == "value":
            return with_unit(value.replace(".", ",") if self.language == "vi" else value, self.language)
        if name == "body" and value in edition.bodies:
            return sentence(edition.bodies[value].label, self.language)
        return f"“{value}”" if name in _QUOTED else self._coded(name, value)

    def _coded(self, name: str, value: str) -> str:
        """Write levels by their short codes, where a field names levels; a step's interpretations stand behind its levels."""
        levels, colon, rest = value.partition(": ")
        if name not in {"level", "base", "steps", "order"} and not (name == "readings" and colon):
            return value
        order = [*self.after.scale, *self.before.scale]
        names = sorted(levels.split(" / "), key=lambda one: order.index(one) if one in order else 0)
        return " / ".join(map(self._level, names)) + colon + rest


def _without(value: Shown, other: Shown) -> Shown:
    """Of a list of sentences, give those that the other list does not have; anything else as it is."""
    if isinstance(value, tuple) and isinstance(other, tuple) and not all(isinstance(one, str) for one in (*value, *other)):
        return tuple(one for one in value if one not in other)
    return value
