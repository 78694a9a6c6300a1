"""Serve the stage by hand, with prices that move: python tests/web/serve_stage.py [PORT]."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import anyio
import uvicorn

from web.app import create_app


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"web_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"web_{name}"] = module
    spec.loader.exec_module(module)
    return module


async def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        load("stage")
        stage = load("play").played(Path(folder) / "firm", crowd=70)
        config = uvicorn.Config(create_app(stage.firm), port=port, log_level="warning", lifespan="on")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(uvicorn.Server(config).serve)
            step = 0
            while True:
                await anyio.sleep(1)
                stage.wait(1)
                step += 1
                stage.prices_now(138_380 + 7 * (step % 9), 1_274_800 + 60 * (step % 7))
                stage.settle()


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
