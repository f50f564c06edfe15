"""The verb of notes: what a text mentions."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from kg.patients.notes.annotated import Annotated
    from kg.patients.notes.lexicon import Term


class NoteVerbs(Held):
    """Read notes."""

    def notes_annotate(self, path: str | Path) -> "Annotated":
        """Find the conditions, drugs and phenotypes that a note mentions, or each of a folder, and how it does.

        The dictionary is the store's graph; where that has no phenotypes, or there is no store, those of the Human
        Phenotype Ontology in the data mirror. The text is not kept.
        """
        from kg.patients.notes.annotate import annotate
        from kg.patients.notes.annotated import Annotated
        from kg.patients.notes.files import NoteError, notes_at, read_note
        from kg.patients.notes.lexicon import compiled
        from kg.patients.notes.mention import Mention

        files = list(notes_at(Path(path)))
        alone = not Path(path).is_dir()
        if alone:
            read_note(files[0][1], files[0][0])
        self._begins()
        terms, dictionary = self._terms()
        lexicon = compiled(terms)
        found: dict[str, tuple[Mention, ...]] = {}
        refused: dict[str, str] = {}
        with self._telling() as progress:
            for number, (name, file) in enumerate(files, start=1):
                try:
                    found[name] = annotate(read_note(file, name), lexicon)
                except NoteError as failure:
                    if alone:
                        raise
                    refused[name] = str(failure)
                if not alone:
                    progress("read", number / len(files))
        met = {one.term for mentions in found.values() for one in mentions}
        names = {term.curie: term.names[0] for term in terms if term.curie in met}
        return Annotated(found, names, dictionary, alone, refused)

    def _terms(self) -> "tuple[list[Term], str]":
        """Return what is looked for in a note, and where that is from, in words."""
        from kg.fetch import Fetch, NotFoundAnywhere
        from kg.patients.notes.terms import NoTerms, terms_of, terms_of_ontology

        fetch = Fetch(self.data, offline=True)
        if "://" not in self.store and not Path(self.store).exists():
            try:
                terms = list(terms_of_ontology(fetch))
            except NotFoundAnywhere:
                raise NoTerms(
                    f"there is nothing to look for in a note: {self.store} is no graph (`panakeia build`, --store), "
                    "and no data mirror (--data) has the Human Phenotype Ontology"
                ) from None
            return terms, f"{len(terms):,} phenotypes of the ontology's own file, for there is no graph at {self.store}"
        terms = list(terms_of(self._graph()))
        told = f"{len(terms):,} diseases, drugs and phenotypes of the graph"
        if not any(term.kind == "Phenotype" for term in terms):
            try:
                more = list(terms_of_ontology(fetch))
            except NotFoundAnywhere:
                return terms, f"{told}, which has no phenotypes: build it with `--source hpo` to have them found too"
            return [*terms, *more], f"{told}, and {len(more):,} phenotypes of the ontology's own file"
        return terms, told
