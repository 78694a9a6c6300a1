"""Bare ZeroMQ: the same messages over the same loopback and CURVE, and nobody who reads them. For `bench/gateway.py`.

    python -m bench.bare SECRET

is the other end, a process of its own: it prints its port and answers each message with a word. Sockets are pyzmq's own and block.
"""

import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import zmq

from bridges.enrolment import new_keypair

HOST = "127.0.0.1"
WORD = b"taken"


class Batch(NamedTuple):
    """The two parts of a message, and how many events or ticks are in it."""

    parts: list[bytes]
    n: int


@contextmanager
def bare_peer() -> Iterator["zmq.Socket[bytes]"]:
    """A socket to a fresh other end, which ends with it."""
    theirs, ours = new_keypair(), new_keypair()
    command = [sys.executable, "-m", "bench.bare", theirs.secret]
    with zmq.Context() as context, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdout is not None
        try:
            with context.socket(zmq.DEALER) as socket:
                socket.curve_publickey, socket.curve_secretkey = ours.public.encode(), ours.secret.encode()
                socket.curve_serverkey = theirs.public.encode()
                socket.connect(f"tcp://{HOST}:{int(peer.stdout.readline())}")
                yield socket
        finally:
            peer.kill()


def seconds_of(socket: "zmq.Socket[bytes]", batches: Sequence[Batch], window: int) -> float:
    """Until each is answered, with at most so many events or ticks under way, as a bridge has it."""
    under_way: deque[int] = deque()
    began, waiting = time.perf_counter(), 0
    for batch in batches:
        while under_way and waiting + batch.n > window:
            socket.recv()
            waiting -= under_way.popleft()
        socket.send_multipart(batch.parts)
        under_way.append(batch.n)
        waiting += batch.n
    for _ in under_way:
        socket.recv()
    return time.perf_counter() - began


def answer_all(secret: str) -> None:
    """Until killed."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.curve_server = True
        socket.curve_secretkey = secret.encode()
        print(socket.bind_to_random_port(f"tcp://{HOST}"), flush=True)
        while True:
            socket.send_multipart([socket.recv_multipart()[0], WORD])


if __name__ == "__main__":
    answer_all(sys.argv[1])
