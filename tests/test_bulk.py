"""Many articles by shards: on this machine, on a Ray cluster of two nodes, from and to an S3 server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest

from annotators.bulk import bulk, collect, shards_of
from annotators.bulk.places import Place
from annotators.bulk.scratch import scratch
from annotators.bulk.work import DONE, Recipe, recipe_of
from corpus import removal
from corpus.document import Removal
from corpus.errors import HemuError, InputError
from corpus.schema import DOCUMENTS, REMOVALS, layers_table
from corpus.store import Workspace

EN = "The Ministry of Water Resources said on Monday that it will repair {n} reservoirs in Gansu by 2027."
ZH = "水利部周一表示，到2027年将在甘肃修缮{n}座水库。"
RECIPE = Recipe((), ("rules-en", "rules-zh", "gazetteer", "link"), fast=True)


def rows(shard: int, articles: int = 2) -> str:
    lines = []
    for number in range(articles):
        for lang, text in (("en", EN), ("zh", ZH)):
            id = f"s{shard}-{number}"
            row = {"id": f"{id}.{lang}", "pair": id, "lang": lang, "text": text.format(n=10 * shard + number + 2)}
            lines.append(json.dumps(row, ensure_ascii=False))
    return "\n".join(lines) + "\n"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "2024").mkdir(parents=True)
    for shard in range(3):
        (folder / "2024" / f"{shard}.jsonl").write_text(rows(shard), encoding="utf-8")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class TestShards:
    def test_files_of_rows_are_shards_and_single_files_go_together(self, tmp_path: Path) -> None:
        for name in ("b.jsonl.gz", "a.en.txt", "a.zh.html", "c/d.en.txt", ".hidden/e.txt", "b.csv"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x")
        found = sorted(shard.files for shard in shards_of([Place(str(tmp_path))]))
        assert found == [("a.en.txt", "a.zh.html"), ("b.csv",), ("b.jsonl.gz",), ("c/d.en.txt",)]
        assert [s.files for s in shards_of([Place(f"{tmp_path}/*.csv")])] == [("b.csv",)]
        assert [s.files for s in shards_of([Place(f"{tmp_path}/b.csv")])] == [("b.csv",)]
        assert [s.files for s in shards_of([Place(f"file://{tmp_path}/b.csv")])] == [("b.csv",)]

    def test_signs_of_patterns_may_be_part_of_a_name(self, tmp_path: Path) -> None:
        for name in ("news[1].jsonl", "news1.jsonl", "a?/b.csv"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        found = {name: [s.files for s in shards_of([Place(f"{tmp_path}/{name}")])] for name in ("news[1].jsonl", "a?")}
        assert found == {"news[1].jsonl": [("news[1].jsonl",)], "a?": [("b.csv",)]}
        assert [s.files for s in shards_of([Place(f"{tmp_path}/news[0-9].jsonl")])] == [("news1.jsonl",)]

    def test_a_new_file_changes_the_shard_beside_it_only(self, tmp_path: Path) -> None:
        for number in range(6000):
            (tmp_path / f"{number:05}.txt").touch()
        before = {shard.name: shard.mark for shard in shards_of([Place(str(tmp_path))])}
        assert 3 <= len(before) <= 40
        (tmp_path / "03000a.txt").touch()
        after = {shard.name: shard.mark for shard in shards_of([Place(str(tmp_path))])}
        assert len(set(after.items()) - set(before.items())) <= 2

    def test_names_differ_where_files_do(self, tmp_path: Path) -> None:
        names = ["新闻.jsonl", "要闻.jsonl", "a b.jsonl", "a?b.jsonl", "x" * 200 + ".jsonl"]
        for name in names:
            (tmp_path / name).touch()
        shards = [shard.name for shard in shards_of([Place(str(tmp_path))])]
        assert len(set(shards)) == len(names)
        assert all(name.isascii() and len(name) < 100 and "/" not in name for name in shards)

    @pytest.mark.parametrize("address", ["nowhere", "nowhere/*.txt"])
    def test_nothing_there(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(InputError, match="no file there; name a file, a folder or a pattern"):
            list(shards_of([Place(str(tmp_path / address))]))

    def test_an_unknown_kind_of_address(self) -> None:
        with pytest.raises(InputError, match="expected a path, or a URL such as s3://bucket/articles"):
            Place("nonsense://bucket/x")


class TestLocal:
    def test_what_is_done_is_not_done_again(self, articles: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        first = bulk([str(articles)], str(out), RECIPE, workers=1)
        assert (first.done, first.unchanged, first.skipped) == (3, 0, [])
        assert first.notes["documents"] == 12
        assert int(first.notes["entities"]) >= 24
        before = files(out)
        assert (again := bulk([str(articles)], str(out), RECIPE, workers=1)).unchanged == 3
        assert again.done == 0
        (articles / "2024" / "1.jsonl").write_text(rows(7), encoding="utf-8")
        assert (changed := bulk([str(articles)], str(out), RECIPE, workers=1)).done == 1
        assert changed.unchanged == 2
        other = bulk([str(articles)], str(out), replace(RECIPE, annotators=("rules-en", "rules-zh")), workers=1)
        assert other.done == 3
        assert set(files(out)) != set(before)

    def test_as_many_processes_as_wanted_give_the_same_bytes(self, articles: Path, tmp_path: Path) -> None:
        bulk([str(articles)], str(tmp_path / "one"), RECIPE, workers=1)
        bulk([str(articles)], str(tmp_path / "two"), RECIPE, workers=2)
        assert files(tmp_path / "one") == files(tmp_path / "two")

    def test_one_that_was_killed_on_the_way_is_done_anew(self, articles: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        bulk([str(articles)], str(out), RECIPE, workers=1)
        whole = files(out)
        shard = next(out.iterdir())
        (shard / DONE).unlink()
        next((shard / "documents").iterdir()).write_bytes(b"half")
        assert bulk([str(articles)], str(out), RECIPE, workers=1).done == 1
        assert files(out) == whole

    def test_a_shard_that_is_done_anew_holds_nothing_of_before(
        self, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out, combined = tmp_path / "out", layers_table("combined")
        other = replace(RECIPE, annotators=("rules-en", "rules-zh"))
        bulk([str(articles)], str(tmp_path / "alone"), other, workers=1)
        bulk([str(articles)], str(out), RECIPE, workers=1)
        shard = sorted(out.iterdir())[0]
        # What somebody else has put there is none of ours.
        (shard / "notes.txt").write_text("mine")
        (shard / "gold").mkdir()
        (shard / "gold" / "000000-aaaaaaaaaaaa.parquet").write_text("mine, too")
        # Cut off in the middle: the shard counts as not done, and the next run still knows what to delete.
        written: list[str] = []
        write = Place.write

        def stops(place: Place, path: str, data: bytes) -> None:
            if len(written) == 6:
                raise OSError(28, "No space left on device")
            written.append(path)
            write(place, path, data)

        with monkeypatch.context() as patch:
            patch.setattr(Place, "write", stops)
            assert len(bulk([str(articles)], str(out), other, workers=1).skipped) == 3
        assert not (shard / DONE).exists()
        assert bulk([str(articles)], str(out), other, workers=1).done == 3
        (shard / "notes.txt").unlink()
        (shard / "gold" / "000000-aaaaaaaaaaaa.parquet").unlink()
        assert files(out) == files(tmp_path / "alone")
        layers = [Workspace.open(one / shard.name).read(combined) for one in (out, tmp_path / "alone")]
        assert layers[0] == layers[1]

    def test_what_a_record_names_outside_of_its_shard_is_not_deleted(self, articles: Path, tmp_path: Path) -> None:
        out, precious = tmp_path / "out", tmp_path / "precious.txt"
        precious.write_text("x")
        bulk([str(articles)], str(out), RECIPE, workers=1)
        for shard in out.iterdir():
            record = json.loads((shard / DONE).read_text())
            record["files"] |= {"../../precious.txt": "", str(precious): ""}
            record["mark"] = "another"
            (shard / DONE).write_text(json.dumps(record))
        assert bulk([str(articles)], str(out), RECIPE, workers=1).done == 3
        assert precious.exists()

    def test_what_nobody_foresaw_stops_no_other_shard(
        self, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fetch = Place.fetch

        def fails(place: Place, path: str, to: Path) -> None:
            if path.endswith("1.jsonl"):
                raise ZeroDivisionError("by\nzero")
            fetch(place, path, to)

        monkeypatch.setattr(Place, "fetch", fails)
        report = bulk([str(articles)], str(tmp_path / "out"), RECIPE, workers=1)
        assert report.done == 2
        assert [s.why for s in report.skipped] == [
            "internal error (ZeroDivisionError: by zero); please report it, with the articles if you may"
        ]

    def test_two_files_of_one_name_below_two_folders(self, articles: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="name each file once, or the folder above both"):
            bulk([str(articles), f"{articles}/2024/../"], str(tmp_path / "out"), RECIPE, workers=1)

    def test_folders_of_killed_processes_are_cleared_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        code = "import time; from annotators.bulk.scratch import scratch\nwith scratch() as f: print(f, flush=True); time.sleep(60)"
        command = [sys.executable, "-c", code]
        several = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
            for _ in range(2)
        ]
        try:
            folders = [Path(str(each.stdout and each.stdout.readline()).strip()) for each in several]
            several[0].kill()
            several[0].wait()
            foreign = tmp_path / "hemu-bulk-plans"
            foreign.mkdir()
            (tmp_path / "hemu-bulk-link").symlink_to(folders[0].parent, target_is_directory=True)
            assert all(folder.is_dir() for folder in folders)
            with scratch() as mine:
                assert not folders[0].parent.exists()
                assert (folders[1].is_dir(), foreign.is_dir(), mine.is_dir()) == (True, True, True)
            assert not mine.parent.exists()
        finally:
            for each in several:
                each.kill()
                each.communicate()

    def test_a_shard_that_cannot_be_read_stops_no_other(self, articles: Path, tmp_path: Path) -> None:
        (articles / "2024" / "1.jsonl").write_text("{no json\n")
        (articles / "2024" / "4.parquet").write_bytes(b"no parquet")
        report = bulk([str(articles)], str(tmp_path / "out"), RECIPE, workers=1)
        assert report.notes["documents"] == 8
        assert {skipped.what.split(":")[0].rsplit("-", 1)[0] for skipped in report.skipped} == {
            "2024-1.jsonl",
            "2024-4.parquet",
        }

    def test_the_settings_of_a_workspace_are_used(self, articles: Path, tmp_path: Path) -> None:
        workspace = Workspace.create(tmp_path / "news")
        scheme = workspace.root / "scheme.toml"
        scheme.write_text(scheme.read_text().replace('name = "AGENCY"', 'name = "BODY"'))
        workspace = Workspace.open(workspace.root)
        recipe = recipe_of(workspace, annotators=RECIPE.annotators, fast=True, weighed=True)
        bulk([str(articles)], str(tmp_path / "out"), recipe, workers=1)
        collect(workspace, str(tmp_path / "out"))
        labels = {e.label for layer in workspace.read(layers_table("combined")).values() for e in layer.entities}
        assert labels == {"PLACE"}

    def test_by_command(self, articles: Path, tmp_path: Path) -> None:
        def hemu(*arguments: object) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "corpus.cli", *map(str, arguments)]
            return subprocess.run(command, capture_output=True, text=True, timeout=120)

        done = hemu("bulk", articles / "2024", tmp_path / "out", "--fast", "--json", "--workers", 1)
        assert (done.returncode, json.loads(done.stdout)["done"]) == (0, 3)
        hemu("init", tmp_path / "news")
        taken = hemu("collect", tmp_path / "out", "-w", tmp_path / "news", "--json")
        assert json.loads(taken.stdout)["notes"] == {"documents": 12}
        nowhere = hemu("bulk", tmp_path / "none", tmp_path / "out")
        assert (nowhere.returncode, nowhere.stderr.count("\n")) == (1, 1)


class TestCollecting:
    @pytest.fixture
    def out(self, articles: Path, tmp_path: Path) -> Path:
        bulk([str(articles)], str(tmp_path / "out"), RECIPE, workers=1)
        return tmp_path / "out"

    def test_all_of_it_and_once(self, out: Path, tmp_path: Path) -> None:
        news = Workspace.create(tmp_path / "news")
        assert collect(news, str(out), only="2024-0*").done == 1
        assert collect(news, str(out)).done == 2
        documents = news.documents()
        assert len(documents) == 12
        assert documents["s1-1.zh"].text == ZH.format(n=13)
        assert all(layer.entities for layer in news.read(layers_table("combined")).values())
        before = files(news.root)
        assert collect(news, str(out)).unchanged == 3
        # One that was killed before it was noted: nothing comes twice.
        (news.root / "collected.json").unlink()
        assert collect(news, str(out)).done == 3
        assert files(news.root) == before

    def test_the_form_of_a_shard_that_was_taken_last_counts(self, articles: Path, out: Path, tmp_path: Path) -> None:
        news = Workspace.create(tmp_path / "news")
        collect(news, str(out))
        first = news.read(layers_table("combined"))
        for recipe in (replace(RECIPE, annotators=("rules-en", "rules-zh")), RECIPE):
            bulk([str(articles)], str(out), recipe, workers=1)
            collect(news, str(out))
            assert (news.read(layers_table("combined")) == first) is (recipe == RECIPE)

    def test_what_was_withdrawn_does_not_come_back(self, out: Path, tmp_path: Path) -> None:
        news = Workspace.create(tmp_path / "news")
        collect(news, str(out), only="2024-0*")
        removal.record(news, ["s0-1.en"])
        removal.sweep(news, ["s0-1.en"])
        (news.root / "collected.json").unlink()
        # The same text under another id, too.
        document = next(d for d in Workspace.open(sorted(out.iterdir())[1]).documents().values() if d.id == "s1-1.zh")
        news.append(REMOVALS, [Removal("elsewhere", "", document.sha, "2026-01-02T00:00:00+00:00", "")])
        report = collect(news, str(out))
        assert report.done == 3
        assert {s.what for s in report.skipped} == {"s0-1.en", "s1-1.zh"}
        assert any(s.why == "was withdrawn on 2026-01-02: hemu remove" for s in report.skipped)
        assert len(news.documents()) == 10
        for path in news.root.rglob("*.parquet"):
            assert document.text.encode() not in path.read_bytes()
        assert {"s0-1.en", "s1-1.zh"}.isdisjoint(news.read(layers_table("combined")))
        assert collect(news, str(out)).skipped == []

    def test_a_damaged_shard_is_named_and_left(self, out: Path, tmp_path: Path) -> None:
        shard = sorted(out.iterdir())[0]
        file = next((shard / "documents").iterdir())
        file.write_bytes(file.read_bytes()[:-1])
        report = collect(news := Workspace.create(tmp_path / "news"), str(out))
        assert (report.done, [s.what for s in report.skipped]) == (2, [shard.name])
        assert "is not what it was when the shard was finished" in report.skipped[0].why
        assert len(news.documents()) == 8

    def test_another_text_under_the_same_id_is_not_overwritten(self, out: Path, tmp_path: Path) -> None:
        news = Workspace.create(tmp_path / "news")
        document = next(iter(Workspace.open(sorted(out.iterdir())[0]).documents().values()))
        news.append(DOCUMENTS, [replace(document, text="Corrected by hand.", blocks=())])
        report = collect(news, str(out))
        assert report.done == 2
        assert f"{document.id!r} is in the workspace already, with another text" in report.skipped[0].why
        assert news.document(document.id).text == "Corrected by hand."

    def test_nothing_there(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "x").touch()
        with pytest.raises(InputError, match="no finished shard there"):
            collect(Workspace.create(tmp_path / "news"), str(tmp_path / "out"))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A file system on an S3 server of this machine, with a bucket "news"."""
    import s3fs
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # Its buckets are those of the process, whichever server shows them.
    httpx.post(f"http://{host}:{port}/moto-api/reset").raise_for_status()
    settings = {"FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    settings |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    import fsspec.config

    # Read once, when fsspec is first imported: here for this process, in others from their environment.
    monkeypatch.setitem(fsspec.config.conf, "s3", {"endpoint_url": settings["FSSPEC_S3_ENDPOINT_URL"]})
    s3fs.S3FileSystem.clear_instance_cache()
    from annotators.bulk import places

    places._system.cache_clear()
    system = s3fs.S3FileSystem()
    system.mkdir("news")
    yield system
    places._system.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def fetched(s3: Any, prefix: str) -> dict[str, bytes]:
    s3.invalidate_cache()
    return {path[len(prefix) + 1 :]: s3.cat_file(path) for path in s3.find(prefix)}


def tables(all_files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the records, which say where the articles came from."""
    return {name: data for name, data in all_files.items() if not name.endswith(DONE)}


@pytest.mark.slow
class TestUrls:
    def test_from_s3_to_s3_as_on_this_machine(self, s3: Any, articles: Path, tmp_path: Path) -> None:
        s3.put(str(articles), "news/articles", recursive=True)
        report = bulk(["s3://news/articles/*/*.jsonl"], "s3://news/out", RECIPE, workers=1)
        assert (report.done, report.skipped) == (3, [])
        bulk([str(articles)], str(tmp_path / "out"), RECIPE, workers=1)
        assert tables(fetched(s3, "news/out")) == tables(files(tmp_path / "out"))
        assert bulk(["s3://news/articles/*/*.jsonl"], "s3://news/out", RECIPE, workers=1).unchanged == 3
        news = Workspace.create(tmp_path / "news")
        assert collect(news, "s3://news/out").done == 3
        assert len(news.documents()) == 12

    def test_a_bucket_that_is_not_there(self, s3: Any) -> None:
        with pytest.raises(InputError) as raised:
            bulk(["s3://elsewhere/x"], "s3://news/out", RECIPE, workers=1)
        assert "\n" not in str(raised.value)


def workers_of_ray() -> list[int]:
    """The processes that are at work on a shard."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"ray::do_shard"):
                found.append(int(folder.name))
    return found


@pytest.mark.slow
class TestRay:
    NODE: ClassVar = {"object_store_memory": 80 << 20, "memory": 3 << 30, "node_ip_address": "127.0.0.1"}

    @pytest.fixture
    def cluster(self, s3: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        """A cluster with a core at its head, or the number that the test asks for, and one on another node."""
        # All of it on loopback: Ray looks for another address otherwise. It reads this when it is imported.
        monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        import ray
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={**self.NODE, "num_cpus": getattr(request, "param", 1)})
        made.add_node(**self.NODE, num_cpus=1)
        yield made
        ray.shutdown()
        made.shutdown()

    def test_two_nodes_give_the_same_bytes_though_processes_are_killed(
        self, cluster: Any, s3: Any, articles: Path, tmp_path: Path
    ) -> None:
        for shard in range(3, 8):
            (articles / "2024" / f"{shard}.jsonl").write_text(rows(shard, 12), encoding="utf-8")
        s3.put(str(articles), "news/articles", recursive=True)
        killed: list[int] = []
        over = False

        def kill() -> None:
            while not over and len(killed) < 2:
                for process in workers_of_ray()[:1]:
                    time.sleep(0.7)
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                        killed.append(process)
                time.sleep(1.5)

        killer = Thread(target=kill)
        killer.start()
        try:
            address = "s3://news/articles/2024"
            report = bulk([address], "s3://news/out", RECIPE, engine="ray", address=cluster.address)
        finally:
            over = True
            killer.join()
        assert killed
        assert (report.done, report.skipped) == (8, [])
        bulk([str(articles / "2024")], str(tmp_path / "out"), RECIPE, workers=1)
        assert tables(fetched(s3, "news/out")) == tables(files(tmp_path / "out"))
        again = bulk([address], "s3://news/out", RECIPE, engine="ray", address=cluster.address)
        assert (again.done, again.unchanged) == (0, 8)

    @pytest.mark.parametrize("cluster", [0], indirect=True)
    def test_a_node_is_lost_in_the_middle(
        self,
        cluster: Any,
        articles: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for shard in range(3, 8):
            (articles / "2024" / f"{shard}.jsonl").write_text(rows(shard, 12), encoding="utf-8")
        lost = cluster.add_node(**self.NODE, num_cpus=1)
        raylet = lost.all_processes["raylet"][0].process.pid
        under: list[int] = []
        over = False

        def lose() -> None:
            while not over and not under:
                # The processes of a node are children of its raylet.
                under.extend(process for process in workers_of_ray() if parent(process) == raylet)
                time.sleep(0.05)
            if under:
                time.sleep(0.3)
                cluster.remove_node(lost, allow_graceful=False)

        loser = Thread(target=lose)
        loser.start()
        out = str(tmp_path / "out")
        try:
            report = bulk([str(articles)], out, RECIPE, engine="ray", address=cluster.address)
        finally:
            over = True
            loser.join()
        assert under
        assert not any(Path(f"/proc/{process}").exists() for process in under)
        assert (report.done, report.skipped) == (8, [])
        bulk([str(articles)], str(tmp_path / "alone"), RECIPE, workers=1)
        assert files(tmp_path / "out") == files(tmp_path / "alone")
        # The other one goes, too: hemu says so, and does not wait for ever.
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        (articles / "2024" / "9.jsonl").write_text(rows(9), encoding="utf-8")
        monkeypatch.setattr("annotators.bulk.run._LOOK", 2.0)
        monkeypatch.setattr("annotators.bulk.run._GIVE_UP", 40.0)
        with pytest.raises(HemuError, match="no node of the Ray cluster offers a core and 1500 MB of memory"):
            bulk([str(articles)], out, RECIPE, engine="ray", address=cluster.address)
        assert [record.message.partition(";")[2] for record in caplog.records] == [" waiting for one"]


def parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def test_no_cluster_is_one_line(articles: Path, tmp_path: Path) -> None:
    with pytest.raises(HemuError, match="no Ray cluster answers at '127.0.0.1:1'") as raised:
        bulk([str(articles)], str(tmp_path / "out"), RECIPE, engine="ray", address="127.0.0.1:1")
    assert "\n" not in str(raised.value)
