"""The root of the command line: which commands there are, and how errors leave it."""

from __future__ import annotations

import gc
import io
import logging
import os
import sys

import click

from corpus.cli.lazy import Commands, LazyGroup
from corpus.errors import HemuError
from corpus.terminal import Printed
from corpus.threads import start_with_one_thread

log = logging.getLogger("hemu")

# name: (module, attribute, the line that `hemu --help` shows)
COMMANDS: Commands = {
    "init": ("corpus.cli.text", "init", "Make a workspace."),
    "ingest": ("corpus.cli.text", "ingest", "Take articles into the workspace."),
    "pair": ("corpus.cli.pairs", "pair", "Find which English and Chinese articles are versions of one another."),
    "dedupe": ("corpus.cli.pairs", "dedupe", "Cluster articles that are near-duplicates."),
    "segment": ("corpus.cli.text", "segment", "Split the texts into sentences and words."),
    "align": ("corpus.cli.text", "align", "Align the sentences of the two versions of an article."),
    "annotate": ("corpus.cli.annotate", "annotate", "Pre-annotate entities and claims, in the workspace or as a pipe."),
    "run": ("corpus.cli.annotate", "run", "Ingest, segment, align and annotate whatever is new."),
    "bulk": ("corpus.cli.bulk", "bulk", "Do all that for many articles by shards, also at URLs and on a Ray cluster."),
    "collect": ("corpus.cli.bulk", "collect", "Take shards of a bulk run into the workspace."),
    "kb": ("corpus.cli.kb", "kb", "Names of your own that pre-annotation should know."),
    "annotators": ("corpus.cli.annotate", "annotators", "List the annotators there are."),
    "show": ("corpus.cli.show", "show", "Show an annotated article, both versions side by side."),
    "find": ("corpus.cli.look", "find", "Search words, entities and claims, with the other language beside them."),
    "report": ("corpus.cli.look", "report", "The corpus at a glance, as one HTML page."),
    "network": ("corpus.cli.network", "network", "Export who claims what, as tables, networks and a page."),
    "studio": ("corpus.cli.studio", "studio", "Start, stop and report a Label Studio server."),
    "assign": ("corpus.cli.assign", "assign", "Plan who annotates which articles."),
    "push": ("corpus.cli.studio", "push", "Send articles with their pre-annotation to Label Studio."),
    "pull": ("corpus.cli.studio", "pull", "Fetch what annotators have submitted."),
    "progress": (
        "corpus.cli.progress",
        "progress",
        "Show what is annotated and to do, and what the pre-annotation is worth.",
    ),
    "agreement": ("corpus.cli.quality", "agreement", "Measure how far annotators agree."),
    "adjudicate": (
        "corpus.cli.adjudicate",
        "adjudicate",
        "Make gold from the annotations, and put disputes before a person.",
    ),
    "gold": ("corpus.cli.gold", "gold", "Import and export gold files."),
    "dataset": ("corpus.cli.dataset", "dataset", "Export gold as a Hugging Face dataset."),
    "remove": ("corpus.cli.upkeep", "remove", "Withdraw an article from every stage."),
    "migrate": ("corpus.cli.upkeep", "migrate", "Move the workspace to a changed label scheme."),
    "train": ("corpus.cli.train", "train", "Train the entity models from gold."),
    "evaluate": (
        "corpus.cli.evaluate",
        "evaluate",
        "Score pre-annotation or a model against gold, and compare two.",
    ),
    "retrain": ("corpus.cli.retrain", "retrain", "Train, evaluate, and accept the new models if they are better."),
    "curve": ("corpus.cli.curve", "curve", "Say whether annotating more is worth it, from how F1 grows with gold."),
    "package": ("corpus.cli.package", "package", "Make a Python package of a trained model."),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hemu", message="hemu %(version)s")
def root() -> None:
    """hemu (和睦): a bilingual English-Chinese corpus and annotation toolkit for policy news.

    \b
    Example:
      hemu init news && cd news
      hemu ingest ~/articles && hemu run
      hemu studio start && hemu push
    """


def main() -> None:
    """Run the command line.

    Exit code 0; 1 for what hemu refuses, or an interruption; 2 for a wrong command line; 3 where `hemu retrain` did not
    accept the new models.
    """
    # Loading word lists and models makes some 100,000 objects that stay: at its usual 700 Python would go through them over
    # and over, a twelfth of the time to the first document.
    gc.set_threshold(50_000, 10, 10)
    start_with_one_thread()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a question mark instead.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    streams = sys.stdout, sys.stderr
    # Where they are closed there are none.
    sys.stdout, sys.stderr = (stream and Printed.of(stream) for stream in streams)
    try:
        code = _run()
    finally:
        sys.stdout, sys.stderr = streams
    sys.exit(code)


def _run() -> int:
    try:
        result = root.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return 1
    except HemuError as error:
        return _fail(f"error: {error}")
    except (KeyboardInterrupt, click.Abort):
        return _fail(
            "interrupted; what was finished in the workspace is stored, and the same command goes on from there"
        )
    except BrokenPipeError:
        # The reader of a pipe has gone (`hemu … | head`): nothing more to say, nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(f"error: {error.filename or 'reading or writing'}: {error.strerror or error}")
    except Exception as error:
        log.debug("unexpected", exc_info=True)
        return _fail(
            f"internal error ({type(error).__name__}: {error}); please report it with the command that you ran"
        )
    return result if isinstance(result, int) else 0


def _fail(line: str) -> int:
    click.echo("hemu: " + " ".join(line.split()), err=True)
    return 1
