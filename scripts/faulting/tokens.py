"""Tokens that are good no longer in the middle of push or pull: access that runs out, and a token that is really reset."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from faulting.kill import Result, ended
from faulting.stages import Bench
from faulting.studio import Case, Service, hit_at, pulled_again, pushed_again, smaller_chunks

RESET, RUNS_OUT = "Label Studio, token is reset", "Label Studio, token runs out"


def faults(bench: Bench, names: list[str], most: int, seed: int) -> Iterator[Result]:
    """Both kinds of tokens; names: "runs out", "reset"."""
    smaller_chunks()
    with Service(bench.folder) as service:
        if not names or "reset" in names:
            yield from _reset(bench, service, most)
        if not names or "runs out" in names:
            yield from _runs_out(bench, service)


def _reset(bench: Bench, service: Service, most: int) -> Iterator[Result]:
    """The legacy token is reset on the server at a request, as an administrator does who fears that it is known; then
    hemu is told the new one. The server refuses the old one by itself."""
    from annotators.studio.client import connect

    def reset() -> None:
        made = service.direct.request("POST", "/api/current-user/reset-token/", {}, doing="resetting the token")
        service.token = made["token"]
        service.direct = connect(service.direct.url, service.token)

    case = Case(bench, service)
    service.proxy.begin()
    if (ran := case.hemu("push")).code:
        raise SystemExit(f"faults: push does not work: {ran.said}")
    pushing = len(service.proxy.seen)
    annotated = case.annotate()
    before = shutil.copytree(case.place, bench.folder / "pulled-token")
    service.proxy.begin()
    if (ran := case.hemu("pull")).code or case.wrong_in_workspace(annotated):
        raise SystemExit(f"faults: pull does not work: {ran.said or case.wrong_in_workspace(annotated)}")
    pulling = len(service.proxy.seen)
    for at in _spread(pulling, most):
        shutil.rmtree(case.place)
        shutil.copytree(before, case.place)
        service.proxy.begin(hit_at("the token is reset", at), reset)
        case.more["HEMU_STUDIO_TOKEN"] = service.token
        ran = case.hemu("pull")
        case.more["HEMU_STUDIO_TOKEN"] = service.token
        problem = ended(ran, dies=False) or ("" if ran.code else "went on with a token that is void")
        yield pulled_again(case, annotated, ran, problem, service.proxy.done[0], RESET)
    for at in _spread(pushing, most):
        each = Case(bench, service)
        service.proxy.begin(hit_at("the token is reset", at), reset)
        ran = each.hemu("push")
        each.more["HEMU_STUDIO_TOKEN"] = service.token
        problem = ended(ran, dies=False) or ("" if ran.code else "went on with a token that is void")
        yield pushed_again(each, ran, problem, service.proxy.done[0], RESET)


def _spread(count: int, most: int) -> list[int]:
    """The numbers of at most so many requests, from the first to the last."""
    return sorted({1 + number * (count - 1) // max(1, most - 1) for number in range(most)})


def _runs_out(bench: Bench, service: Service) -> Iterator[Result]:
    """The access that hemu got for a personal access token runs out at a request: it is renewed, and nothing is said."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from signing_up import PASSWORD, sign_up

    from annotators.studio.accounts import link_of
    from annotators.studio.tokens import make_personal

    sign_up(link_of(service.direct), "faults@example.org")
    service.token = make_personal(service.direct.url, "faults@example.org", PASSWORD)
    case = Case(bench, service)
    service.proxy.begin()
    ran = case.hemu("push")
    if ran.code:
        raise SystemExit(f"faults: push does not work with a personal token: {ran.said}")
    asked = [n for n, path in enumerate(service.proxy.seen, 1) if "token/refresh" not in path and "version" not in path]
    for at in asked[1:]:
        case = Case(bench, service)
        service.proxy.begin(lambda number, method, path, at=at: "401" if number == at else "pass")  # type: ignore[misc]
        ran = case.hemu("push")
        problem = "" if ran.code == 0 else f"was not renewed: {ran.said[-200:]}"
        where = f"the access token has run out at {service.proxy.done[0].partition(': ')[2]}"
        yield pushed_again(case, ran, problem, where, RUNS_OUT)
