"""Which processes a server has, and which of them serves a connection: what /proc tells."""

from pathlib import Path

from tests.integration.serving.server_process import ServerProcess


def workers(server: ServerProcess) -> set[int]:
    """Return the process ids of a supervisor's workers."""
    pid = server.process.pid
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def worker_of(server: ServerProcess, client_port: int) -> int:
    """Return the worker that has accepted the connection from a local port."""
    inode = _inode(int(server.url.rpartition(":")[2]), client_port)
    for pid in workers(server):
        if f"socket:[{inode}]" in _open_files(pid):
            return pid
    raise AssertionError(f"no worker has the connection from port {client_port}")


def _inode(local_port: int, remote_port: int) -> int:
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            ports = [int(words[index].rpartition(":")[2], 16) for index in (1, 2)]
            if ports == [local_port, remote_port]:
                return int(words[9])
    raise AssertionError(f"there is no connection from port {remote_port}")


def _open_files(pid: int) -> set[str]:
    found: set[str] = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found
