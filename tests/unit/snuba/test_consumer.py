"""The consumer as a process, between librdkafka's mock broker and a real front: killed, cut off, stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from fixtures.embedded.snuba.batches import COMMIT_LOGS, TOPICS
from fixtures.embedded.snuba.migrations import migrate
from fixtures.waiting import Reached, wait_for
from tests.unit.snuba.samples import event
from tests.unit.test_clickhouse_front import ROOT, Running, free_port, issue


@dataclass
class Scene:
    """A front, a broker that lives in this process, and the consumer between them."""

    front: Running
    producer: Producer
    brokers: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        folder = self.front.folder
        tls = {"certificate": str(folder / "snuba.crt"), "key": str(folder / "snuba.key"), "ca": str(folder / "ca.crt")}
        link = {"host": "localhost", "port": self.front.port, "user": "snuba", "tls": tls}
        config: dict[str, Any] = {
            "bootstrap": self.brokers,
            "tls": None,
            "clickhouse": link,
            "stats": str(folder / "stats.json"),
        }
        config["session_seconds"] = 5.0  # longer than the 3 s that the mock broker waits for members
        (folder / "consumer.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "fixtures.embedded.snuba.consumer", "--config", str(folder / "consumer.json")]
        with (folder / "consumer.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def send(self, count: int) -> None:
        for _ in range(count):
            self.producer.produce("events", json.dumps(event()).encode())
        assert self.producer.flush(10) == 0

    def stats(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.front.folder / "stats.json").read_text())
        except (OSError, ValueError):
            return {"groups": {}, "topics": {}}
        return found

    def rows(self) -> int:
        query = b"SELECT count() FROM errors_local FINAL WHERE deleted = 0"
        return int(self.front.get("suite", "/", query))

    def wait_rows(self, least: int) -> None:
        def probe() -> Reached[int] | str:
            found = self.rows()
            return Reached(found) if found >= least else f"{found} rows"

        log = self.front.folder / "consumer.log"
        wait_for(f"{least} rows", probe, timeout=40, details=lambda: log.read_text()[-2000:])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    issue(tmp_path, ["server", "snuba", "suite", "clickhouse-admin"])
    front = Running(tmp_path, free_port())
    front.start()
    migrate(lambda statement: front.get("clickhouse-admin", "/", statement.encode()))
    producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(producer.list_topics(timeout=5).brokers.values()))
    for topic in (*TOPICS, *(log for log, _ in COMMIT_LOGS.values())):
        producer.list_topics(topic, timeout=5)
    running = Scene(front, producer, f"{broker.host}:{broker.port}")
    try:
        yield running
    finally:
        for process in (running.process, front.process):
            if process and process.poll() is None:
                process.kill()
                process.wait(10)


def test_nothing_is_lost_when_it_is_killed_or_clickhouse_is_away(scene: Scene) -> None:
    scene.start()
    scene.send(300)
    scene.producer.produce("events", b"unreadable")
    scene.wait_rows(1)
    assert scene.process
    scene.process.kill()
    scene.process.wait(10)
    assert scene.front.stop() == 0
    scene.send(50)
    scene.start()
    wait_for("the consumer to say that ClickHouse is away", lambda: troubled(scene), timeout=40)
    scene.front.start()
    scene.wait_rows(350)
    scene.process.terminate()
    assert scene.process.wait(15) == 0
    assert scene.rows() == 350
    assert scene.stats()["topics"]["events"]["dropped"] <= 1
    assert logged(scene) == 351


def troubled(scene: Scene) -> Reached[str] | str:
    for group in scene.stats()["groups"].values():
        if group["trouble"]:
            return Reached(group["trouble"])
    return f"groups: {scene.stats()['groups']}"


def logged(scene: Scene) -> int:
    """The sum of the positions that the commit log tells last, over all partitions."""
    options = {"bootstrap.servers": scene.brokers, "group.id": "reader", "auto.offset.reset": "earliest"}
    reader = Consumer({**options, "enable.partition.eof": False, "log_level": 0})
    reader.subscribe([COMMIT_LOGS["events"][0]])
    last: dict[bytes, int] = {}

    def probe() -> Reached[int] | str:
        for found in reader.consume(500, 0.2):
            key, value = found.key(), found.value()
            if found.error() is None and key and value:
                last[key] = max(last.get(key, 0), int(value))
        total = sum(last.values())
        return Reached(total) if total >= 351 else f"positions add up to {total}"

    try:
        return wait_for("the commit log to tell every message", probe, timeout=20)
    finally:
        reader.close()
