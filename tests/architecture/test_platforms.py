"""Nothing that Windows or macOS lack is used without a check; read from the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fledge"
FILES = sorted(SOURCE.rglob("*.py"))


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# From the tables of availability in Python's own documentation.
MODULES = words(
    """crypt curses fcntl grp msvcrt nis nt ossaudiodev posix pty pwd readline resource spwd syslog
    termios tty winreg winsound"""
)
OF_OS = words(
    """O_CLOEXEC O_DIRECT O_DIRECTORY O_NOFOLLOW O_SYNC chown chroot copy_file_range fchmod fchown
    fdatasync fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getsid getuid killpg
    lchown major memfd_create mkfifo mknod nice openpty posix_fadvise posix_fallocate posix_spawn
    pread preadv pwrite pwritev register_at_fork sched_getaffinity sched_setaffinity sendfile
    setgid setgroups setpgid setpriority setsid setuid splice statvfs sync sysconf ttyname uname
    wait wait3 wait4 waitid"""
)
OF_SIGNAL = words(
    """SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2
    SIGWINCH alarm pause pthread_kill pthread_sigmask setitimer siginterrupt sigwait"""
)
ELSEWHERE = frozenset(
    {"add_signal_handler", "preexec_fn", "start_new_session", "AF_UNIX", "open_unix_connection"}
)
CHECKS = ("sys.platform", "platform.system()", "os.name", "hasattr(")


def lacking(tree: ast.Module) -> list[str]:
    """Uses of what some system lacks that no check comes before, as "line: name"."""
    guarded = {id(inner) for outer in ast.walk(tree) for inner in sheltered(outer)}
    return [
        f"{getattr(node, 'lineno', 0)}: {name}"
        for node in ast.walk(tree)
        if id(node) not in guarded
        for name in names(node)
    ]


def sheltered(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that runs only after a check of the system, or where an ImportError is caught."""
    if isinstance(node, ast.Try) and any(catches_import_error(each) for each in node.handlers):
        for statement in node.body:
            yield from ast.walk(statement)
    if isinstance(node, ast.If) and checks(node.test):
        for statement in (*node.body, *node.orelse):
            yield from ast.walk(statement)
    body = getattr(node, "body", None)
    if isinstance(body, list):
        for index, statement in enumerate(body):
            if isinstance(statement, ast.If) and checks(statement.test) and leaves(statement):
                for later in body[index + 1 :]:
                    yield from ast.walk(later)


def checks(test: ast.expr) -> bool:
    return any(each in ast.unparse(test) for each in CHECKS)


def leaves(statement: ast.If) -> bool:
    return isinstance(statement.body[-1], ast.Return | ast.Raise | ast.Continue)


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    caught = "" if handler.type is None else ast.unparse(handler.type)
    return "ImportError" in caught or "ModuleNotFoundError" in caught


def names(node: ast.AST) -> Iterator[str]:
    """The rare things that a node names itself."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names if each.name.split(".")[0] in MODULES)
    if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
        rare = {"os": OF_OS, "signal": OF_SIGNAL}.get(node.module, frozenset())
        yield from (each.name for each in node.names if each.name in rare | ELSEWHERE)
        if node.module.split(".")[0] in MODULES:
            yield node.module
    if isinstance(node, ast.Attribute):
        rare = {"os": OF_OS, "signal": OF_SIGNAL}.get(ast.unparse(node.value), frozenset())
        if node.attr in rare | ELSEWHERE:
            yield node.attr
    if isinstance(node, ast.keyword) and node.arg in ELSEWHERE:
        yield node.arg


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_is_used_that_windows_or_macos_lack(path):
    assert lacking(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_are_moved_by_replace_because_windows_does_not_rename_onto_a_file(path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    renames = [n.lineno for n in nodes if isinstance(n, ast.Attribute) and n.attr == "rename"]
    # The one place that moves directories, always to a name that is free.
    assert not renames or path == SOURCE / "files.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_text_is_read_and_written_in_an_encoding_that_is_named(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = {keyword.arg for keyword in node.keywords}
            of_path = (node.func.attr, len(node.args)) in (("read_text", 0), ("write_text", 1))
            assert not of_path or "encoding" in given, f"{path}:{node.lineno}"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import resource", ["1: resource"]),
        ("from fcntl import flock", ["1: fcntl"]),
        ("import curses.ascii", ["1: curses.ascii"]),
        ("import os\nos.fork()", ["2: fork"]),
        ("from os import O_DIRECTORY", ["1: O_DIRECTORY"]),
        ("import signal\nstop = signal.SIGKILL", ["2: SIGKILL"]),
        ("Popen(command, start_new_session=True)", ["1: start_new_session"]),
        ("try:\n    import pwd\nexcept OSError:\n    pass", ["2: pwd"]),
        ("if ready:\n    import pwd", ["2: pwd"]),
        ("def f():\n    if sys.platform == 'win32':\n        wait()\n    import pwd", ["4: pwd"]),
        ("try:\n    import readline\nexcept ImportError:\n    pass", []),
        ("if sys.platform != 'win32':\n    import pwd", []),
        ("def f():\n    if sys.platform == 'win32':\n        return 0\n    return os.nice(5)", []),
        ("import signal\nsignal.signal(signal.SIGTERM, stop)", []),
        ("import os\nos.open(path, os.O_CREAT | os.O_EXCL)", []),
    ],
)
def test_the_check_itself_sees_what_is_sheltered(code, found):
    assert lacking(ast.parse(code)) == found
