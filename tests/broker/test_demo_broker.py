"""The demo on a real broker: the story as told, and nothing left on the broker or running afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kafka.admin import KafkaAdminClient

DEMO = (sys.executable, "-m", "consumers.cli", "demo")


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DEMO, *arguments], capture_output=True, text=True, timeout=120, check=False)


def _processes_naming(text: str) -> list[str]:
    """Return the command lines of running processes that contain this text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found


def _wait_for_text(path: Path, text: str, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while text not in path.read_text():
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.1)


def _groups(admin: KafkaAdminClient) -> list[str]:
    return [group["group_id"] for group in admin.list_groups() if "driftline-demo" in group["group_id"]]


def test_demo_on_a_broker_goes_as_told(bootstrap_servers: list[str], admin: KafkaAdminClient) -> None:
    """Opened and resolved on the minute by the real consumer; every event counted; topics and groups deleted."""
    done = _demo("--broker", bootstrap_servers[0], "--seconds", "8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10:00  found, 60 minutes later" in done.stdout
    assert "18:00  resolved, 60 minutes later" in done.stdout
    assert "60,004 sent, 60,004 counted, 0 late, 0 rejected." in done.stdout
    assert done.stderr == ""
    assert [topic for topic in admin.list_topics() if "driftline-demo" in topic] == []
    assert _groups(admin) == []


def test_ctrl_c_stops_everything(bootstrap_servers: list[str], admin: KafkaAdminClient, tmp_path: Path) -> None:
    """Interrupted in the middle of the day, the demo ends its consumer and deletes its topics."""
    kept, out = tmp_path / "kept", tmp_path / "out.txt"
    with out.open("wb") as file:
        command = [*DEMO, "--broker", bootstrap_servers[0], "--seconds", "60", "--keep", str(kept)]
        process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    _wait_for_text(out, "03:0")
    assert _processes_naming(str(kept))
    # A shell that starts it in the background makes it ignore SIGINT; SIGTERM takes the same way out.
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    assert _processes_naming(str(kept)) == []
    assert [topic for topic in admin.list_topics() if "driftline-demo" in topic] == []


def test_a_broker_that_does_not_answer_is_named() -> None:
    """Exit code 1 and one message with the address, no traceback."""
    done = _demo("--broker", "127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.startswith("driftline: 127.0.0.1:1: ")
    assert "Traceback" not in done.stderr
