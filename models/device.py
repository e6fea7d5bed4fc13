"""Where a model is trained: on the processor, or on a GPU that CuPy can use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from corpus.errors import InputError
from corpus.threads import one_thread

if TYPE_CHECKING:
    from spacy.language import Language

CPU = "cpu"


@contextmanager
def device(gpu: str = "none") -> Iterator[str]:
    """Let spaCy work on the GPU "0", "1", … while the block lasts; gives the name of the device, "cpu" or "gpu 0".

    "none": not on a GPU. "auto": on the first one, where there is one that CuPy can use. InputError, in one line, where
    a GPU is asked for by number and is not there.
    """
    from thinc.api import get_current_ops, set_current_ops, use_ops

    number = _chosen(gpu)
    if number is None:
        # Not what somebody else in this process has set.
        with use_ops("cpu"):
            yield CPU
        return
    before = get_current_ops()
    from thinc.api import require_gpu

    try:
        require_gpu(number)
        yield f"gpu {number}"
    finally:
        set_current_ops(before)


def _chosen(gpu: str) -> int | None:
    """The number of the GPU, or None for the processor."""
    if gpu == "none":
        return None
    if gpu != "auto" and not (gpu.isascii() and gpu.isdigit()):
        raise InputError(f"--gpu {gpu}: expected auto, none, or the number of a GPU: 0, 1, …")
    there, why = _count()
    if gpu == "auto":
        return 0 if there else None
    if not there:
        raise InputError(f"--gpu {gpu}: {why}; use --gpu auto, or leave it out to train on the processor")
    if int(gpu) >= there:
        raise InputError(f"--gpu {gpu}: there is no such GPU; there are: {', '.join(map(str, range(there)))}")
    return int(gpu)


def _count() -> tuple[int, str]:
    """How many GPUs CuPy can use, and, where that is none, why."""
    try:
        cupy = import_module("cupy")
    except Exception as error:  # not installed, or built for another CUDA
        if isinstance(error, ModuleNotFoundError):
            return 0, "CuPy, by which spaCy uses a GPU, is not installed (pip install cupy-cuda12x, as your CUDA is)"
        return 0, f"CuPy cannot be used ({' '.join(str(error).split())[:100]})"
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except Exception as error:  # no driver, no device
        return 0, f"CuPy finds no GPU ({' '.join(str(error).split())[:100]})"
    return count, "" if count else "CuPy finds no GPU"


@contextmanager
def fast_products(nlp: Language) -> Iterator[None]:
    """Let the models of `nlp` multiply matrices with numpy while the block lasts, on one thread.

    Its library is faster than spaCy's by a third to a half at the sizes of a recogniser. On a GPU, or where spaCy does not
    multiply with its own library, nothing changes.
    """
    import numpy
    from thinc.api import NumpyOps

    class Products(NumpyOps):  # type: ignore[misc]
        def gemm(self, x: Any, y: Any, out: Any = None, trans1: bool = False, trans2: bool = False) -> Any:
            return numpy.matmul(x.T if trans1 else x, y.T if trans2 else y, out=out)

    ops = Products()
    changed = []
    for _, component in nlp.pipeline:
        model: Any = getattr(component, "model", None)
        for node in model.walk() if hasattr(model, "walk") else ():
            if type(node.ops) is NumpyOps:
                changed.append((node, node.ops))
                node.ops = ops
    try:
        with one_thread():
            yield
    finally:
        for node, before in changed:
            node.ops = before
