import subprocess
import sys


def test_a_start_with_bytes_in_a_folder_loads_no_sdk_of_a_store() -> None:
    program = "import sys, app.cli; print(sorted({'aioboto3', 'aiohttp', 'botocore'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
