"""The verbs of patients' records: import, list, show, forget, export, and consent."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import refuse_inputs
from panakeia.answer import Table
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from kg.patients.imports import Given, Imported
    from kg.patients.keeping import Kept
    from kg.query.node import Shown


class PatientVerbs(Held):
    """Take patients' records in, look at them, and let go of them."""

    def patient_import(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        given: "Given | None" = None,
        key: bytes | None = None,
        key_file: str | Path | None = None,
    ) -> "Imported":
        """Import patients' records of any format (see `kg.patients.formats`), or folders of them, under pseudonyms.

        The format is told by the files' looks, unless `given`. Without `key` it is read from `key_file`, else from
        PANAKEIA_KEY.
        """
        from kg.fetch import Fetch
        from kg.patients.deidentify import load_key
        from kg.patients.formats import sorted_by_format
        from kg.patients.imports import import_patients
        from kg.query.people import find_patient, records
        from twin import library
        from twin.chart import lacks

        listed = [paths] if isinstance(paths, str | Path) else list(paths)
        refuse_inputs(self.store, [key_file, *(path for path in listed if not Path(path).is_dir())])
        secret = key or load_key(key_file)
        sorted_by_format([Path(path) for path in listed], given.format if given else None)
        if given and given.patient is not None:
            find_patient(self._graph(), given.patient)
        with self._telling() as progress:
            done = import_patients(listed, self._graph(), secret, progress, given=given, fetch=Fetch(self.data))
        self._noted("patient import", done.patients)
        held = records(self._graph(), done.patients)
        models = [library.load(name) for name in library.MODELS]
        ready = {f"the twin {model.name}": sum(not lacks(record, model) for record in held) for model in models}
        ready["advice on drugs by genotype"] = sum(bool(record.genotypes) for record in held)
        return replace(done, ready=ready)

    def patient_list(self) -> Table:
        """List the patients, by pseudonym, with how much is stored of each; those who withdrew consent are not."""
        from kg.query.people import counts_of_events, patients

        people = patients(self._graph())
        frame = people.merge(counts_of_events(self._graph()), on="id", how="left")
        self._noted("patient list", list(people["id"]))
        return Table(f"patients: {len(frame):,}; days are on each one's own shifted calendar", frame)

    def patient_show(self, patient: str) -> "Shown":
        """Show a patient's record: attributes, and every event in order of its day, with what is absent."""
        from kg.query import show
        from kg.query.people import find_patient

        node = find_patient(self._graph(), patient)
        self._noted("patient show", node.id)
        return show(self._graph(), node.id, kind=node.kind)

    def patient_export(self, patient: str, *, access_request: bool = False) -> "Kept":
        """Give all that is stored of a patient, as it is stored; who withdrew consent is given to the patient alone."""
        from kg.patients.keeping import export_patient

        found = export_patient(self._graph(), patient, access_request=access_request)
        self._noted("patient export", found.patient)
        return found

    def patient_consent(self, patient: str, *, withdrawn: bool = False) -> "Kept":
        """Write that a patient consents to research, or has withdrawn that: then the patient is in no answer to it."""
        from kg.patients.keeping import set_consent
        from kg.schema import GIVEN, WITHDRAWN

        done = set_consent(self._graph(), patient, WITHDRAWN if withdrawn else GIVEN)
        self._noted("patient consent", done.patient, detail=done.done)
        return done

    def patient_forget(self, patient: str) -> "Kept":
        """Take a patient out of the store wholly; nothing brings the record back but another import of it."""
        from kg.patients.keeping import forget

        done = forget(self._graph(), patient)
        self._noted("patient forget", done.patient)
        return done
