import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_imports_point_down_only_and_every_other_contract_is_kept() -> None:
    """The contracts stand in pyproject.toml under [tool.importlinter]."""
    program = Path(sys.executable).parent / "lint-imports"

    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout
