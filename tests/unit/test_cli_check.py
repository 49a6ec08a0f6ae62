"""`hotline check FILE` as an admin runs it: exit code, stdout and stderr of a real process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from hotline.cli import main; main()", "check", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=50, cwd=ROOT, check=False)


def test_the_shipped_configuration_is_fine() -> None:
    done = check("config/hotline.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("config/hotline.yaml: in Ordnung")


def test_each_finding_is_one_line_on_stderr(tmp_path: Path, shipped_text: str) -> None:
    broken = tmp_path / "hotline.yaml"
    text = shipped_text.replace("  retries: 1", "  retries: 9\n  colour: red").replace("office: rinteln", "office: x")
    broken.write_text(text, encoding="utf-8")
    done = check(str(broken))
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert [line.split(": ")[1] for line in lines] == [
        "menu.retries",
        "menu.colour",
        "agents.2.office",
        "agents.3.office",
    ]
    assert all(line.startswith(f"{broken}:") for line in lines)


def test_a_missing_file_is_one_plain_sentence(tmp_path: Path) -> None:
    done = check(str(tmp_path / "nowhere.yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "there is no such file" in done.stderr


def test_wrong_use_is_exit_code_2() -> None:
    assert check().returncode == 2
