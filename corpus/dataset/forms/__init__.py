"""A version of the dataset in the forms that other tools read: spaCy, CoNLL-2003, brat, Web Annotation, CSV.

Each form is a function from a `Source` and an empty folder to figures. `export` makes the folder appear whole or not at all.
The form of Label Studio is in `annotators.studio.export_form`, beside what else knows its JSON.
"""

from corpus.dataset.forms.output import Write, export
from corpus.dataset.forms.source import Record, Source

__all__ = ["Record", "Source", "Write", "export", "writer"]


def writer(form: str) -> Write:
    """The function that writes a form; KeyError for one that is not among those of this package.

    >>> writer("csv").__module__
    'corpus.dataset.forms.tables'
    """
    from corpus.dataset.forms import brat, conll, docbin, tables, web_annotation

    return {
        "docbin": docbin.write,
        "conll": conll.write,
        "brat": brat.write,
        "w3c": web_annotation.write,
        "csv": tables.write,
    }[form]
