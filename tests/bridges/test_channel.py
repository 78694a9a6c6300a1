"""The channel: whatever else a socket is waiting for, a message that came is read."""

import select

import anyio
import zmq

from bridges.channel import Channel

PATIENCE_S = 5
HOLD = b"x" * 200_000  # a few of these and the peer, which reads nothing, takes no more


async def test_a_message_that_comes_while_the_socket_may_not_send_is_read(world, hands):
    router = world.context.socket(zmq.ROUTER)
    router.rcvhwm, router.router_mandatory = 2, True
    port = router.bind_to_random_port("tcp://127.0.0.1")
    dealer = world.context.socket(zmq.DEALER)
    dealer.identity, dealer.sndhwm = b"c", 2
    dealer.connect(f"tcp://127.0.0.1:{port}")
    heard: list[bytes] = []

    def on_turn() -> None:
        """The second message is in the socket before this turn ends."""
        if heard[-1] == b"first":
            router.send_multipart([b"c", b"second"])
            # Asking the socket itself would take the edge that this is about.
            assert select.select([dealer.getsockopt(zmq.FD)], [], [], PATIENCE_S)[0]

    sent = 0

    def fill() -> None:
        nonlocal sent
        while channel.send([HOLD]):
            sent += 1

    channel = Channel(
        dealer, on_message=lambda frames: heard.append(frames[-1].bytes), on_turn=on_turn, on_writable=fill
    )
    try:
        fill()
        await hands.until(lambda: router.poll(0) > 0)  # before that it does not know the name it answers to
        still = 0
        with anyio.fail_after(PATIENCE_S):
            while still < 10:  # until nothing moves on the connection any more
                before = sent
                await anyio.sleep(0.05)
                still = still + 1 if sent == before else 0
        router.send_multipart([b"c", b"first"])
        await hands.until(lambda: heard == [b"first", b"second"])
    finally:
        channel.close()
        router.close(linger=0)
