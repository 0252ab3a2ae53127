"""The roles as processes of their own, and what a supervisor does with them: start again what has ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consumers.local_kafka_node import dying_with_us
from tests.torture.faults import Role

# A member that ends by itself (no broker found at its start) is started again after this.
_AGAIN_S = 1.0
_SERVER = Path(__file__).with_name("server.py")


@dataclass(slots=True)
class Member:
    """One place for a process: ``due_s`` is when it is to be started (again), None while it runs."""

    role: Role
    name: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    due_s: float | None = 0.0
    frozen: bool = False
    leaving: bool = False

    @property
    def running(self) -> bool:
        """Tell whether there is a process that is not frozen."""
        return self.process is not None and not self.frozen and not self.leaving


@dataclass(slots=True)
class Fleet:
    """The members of one monitor; the caller looks after them every now and then with ``tend``."""

    config: Path
    environment: dict[str, str]
    folder: Path
    # What stands for `driftline` on the command line.
    program: Sequence[str] = ("-m", "consumers.cli")
    # What a server that counts is told of the traffic.
    traffic: Sequence[str] = ()
    members: list[Member] = field(default_factory=list)
    # Members that ended without being asked to, with the last that they said.
    ended: list[str] = field(default_factory=list)
    _number: int = 0

    def add(self, role: Role, now_s: float) -> Member:
        """Begin with one more member."""
        self._number += 1
        name = f"{role}-{self._number}"
        member = Member(role, name, self.folder / f"{name}.log", due_s=now_s)
        self.members.append(member)
        self.tend(now_s)
        return member

    def running(self, role: Role) -> Sequence[Member]:
        """Return the members of a role that something can be done to."""
        return [member for member in self.members if member.role == role and member.running]

    def tend(self, now_s: float) -> None:
        """Start what is due; note what has ended by itself."""
        for member in list(self.members):
            if member.process is not None and member.process.poll() is not None:
                self._take_note(member, now_s)
            if member.process is None and member.due_s is not None and member.due_s <= now_s:
                self._start(member)

    def kill(self, member: Member, again_s: float | None) -> None:
        """End it with SIGKILL, as a crash would; start it again at ``again_s``."""
        self._signal(member, signal.SIGKILL)
        if member.process is not None:
            member.process.wait()
        member.process, member.due_s, member.frozen = None, again_s, False

    def stop(self, member: Member, again_s: float | None) -> None:
        """Ask it to end; once it has, start it again, not before ``again_s``; None is for good."""
        if member.process is None:
            member.due_s = again_s
            if again_s is None:
                self.members.remove(member)
            return
        self._signal(member, signal.SIGTERM)
        member.leaving, member.due_s = True, again_s

    def freeze(self, member: Member) -> None:
        """Let it stand still."""
        self._signal(member, signal.SIGSTOP)
        member.frozen = True

    def thaw(self, member: Member) -> None:
        """Let it go on."""
        if member.frozen:
            self._signal(member, signal.SIGCONT)
            member.frozen = False

    def end(self) -> None:
        """Kill whatever is left."""
        for member in list(self.members):
            self.kill(member, None)

    def tracebacks(self) -> list[str]:
        """Return the logs in which a member ended with an error that it did not expect."""
        return [str(path) for path in sorted(self.folder.glob("*.log")) if b"Traceback" in path.read_bytes()]

    def _start(self, member: Member) -> None:
        run = [*self.program, "run", "--config", str(self.config), "--role", member.role]
        serve = [str(_SERVER), str(self.config), member.name, *self.traffic]
        command = [sys.executable, *(serve if member.role == "server" else run)]
        with member.log.open("ab") as log:
            member.process = subprocess.Popen(
                dying_with_us(command),
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        member.due_s, member.frozen, member.leaving = None, False, False

    def _take_note(self, member: Member, now_s: float) -> None:
        code = member.process.returncode if member.process else None
        asked, member.process, member.leaving = member.leaving, None, False
        if asked and member.due_s is None:
            self.members.remove(member)
        # Asked to end before it could listen, it ends by the signal itself.
        if not asked or code not in (0, -signal.SIGTERM):
            last = member.log.read_text(errors="replace").splitlines()[-1:]
            self.ended.append(f"{member.name} ended with {code}: {' '.join(last)}")
        if not asked:
            member.due_s = now_s + _AGAIN_S

    def _signal(self, member: Member, number: signal.Signals) -> None:
        if member.process is not None and member.process.poll() is None:
            member.process.send_signal(number)
