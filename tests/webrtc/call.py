"""aiortc, a WebRTC peer that is no browser's, against the module: what is offered, shown, heard and said."""

import asyncio
import fractions
import json
import math
import os
import re
import signal
import struct
import unittest
from pathlib import Path

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from server import PATIENCE, ask

# nginx's master process, where it may be told to reload.
MASTER = os.environ.get("MASTER")


def workers():
    """nginx's worker processes."""
    return Path(f"/proc/{MASTER}/task/{MASTER}/children").read_text().split()


def leaves(worker):
    """Whether a worker takes nothing new any more."""
    try:
        return "is shutting down" in Path(f"/proc/{worker}/cmdline").read_text()
    except FileNotFoundError:
        return True


def ports(sdp):
    """Where the maker of an answer is to be reached."""
    return set(re.findall(r"^a=candidate:\S+ 1 (udp|tcp) \d+ \S+ (\d+) ", sdp, re.MULTILINE))


class Tone(MediaStreamTrack):
    """A microphone into which somebody sings: 220 Hz with overtones, as a voice has."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.sent = 0

    async def recv(self):
        await asyncio.sleep(0.02)
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        values = []
        for index in range(960):
            t = (self.sent + index) / 48000
            overtones = sum(math.sin(2 * math.pi * 220 * n * t) / n for n in range(1, 8))
            swell = 0.5 + 0.5 * math.sin(2 * math.pi * 4 * t)
            values.append(int(6000 * overtones * swell))
        frame.planes[0].update(struct.pack("<960h", *values))
        frame.pts = self.sent
        frame.sample_rate = 48000
        frame.time_base = fractions.Fraction(1, 48000)
        self.sent += 960
        return frame


class Peer:
    """A connection, and everything that came over it."""

    def __init__(self, microphone=None):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pictures = []
        self.loudness = []
        self.events = []
        self.tasks = []
        self.arrived = asyncio.Event()
        self.channel = self.connection.createDataChannel("talk")
        self.channel.on("message", self.told)
        self.connection.addTransceiver("video", direction="recvonly")
        if microphone:
            self.connection.addTrack(microphone)
        else:
            self.connection.addTransceiver("audio", direction="recvonly")
        self.connection.on("track", self.track)

    def told(self, message):
        self.events.append(json.loads(message))
        self.arrived.set()

    def track(self, track):
        self.tasks.append(asyncio.ensure_future(self.follow(track)))

    async def follow(self, track):
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.pictures.append((frame.width, frame.height, frame.pts))
                else:
                    samples = frame.to_ndarray().astype("float32") / 32768
                    self.loudness.append(float((samples**2).mean()) ** 0.5)
                self.arrived.set()
        except MediaStreamError:
            pass

    async def offer(self):
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def talk(self, **fields):
        """Begins a session, and returns what was answered."""
        body = json.dumps({"sdp": await self.offer(), "type": "offer", **fields}).encode()
        loop = asyncio.get_running_loop()
        status, _, answer = await loop.run_in_executor(None, ask, "POST", "/api/realtime/offer", body)
        assert status == 200, answer
        answer = json.loads(answer)
        await self.accept(answer["sdp"])
        return answer

    async def watch(self, session, wanted=lambda sdp: True):
        """Watches a session by WHEP, as soon as the answer is as it is wanted, and returns where it is hung up."""
        body = (await self.offer()).encode()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            status, headers, answer = await loop.run_in_executor(
                None, ask, "POST", f"/whep/{session}", body, "application/sdp"
            )
            assert status == 201, answer
            assert headers["Content-Type"] == "application/sdp"
            if wanted(answer):
                await self.accept(answer)
                return headers["Location"]
            assert loop.time() < begun + PATIENCE, f"no other answer in {PATIENCE} s: {answer}"
            await loop.run_in_executor(None, ask, "DELETE", headers["Location"])

    async def accept(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def until(self, what, done):
        async def wait():
            while not done():
                self.arrived.clear()
                try:
                    await asyncio.wait_for(self.arrived.wait(), 0.1)
                except asyncio.TimeoutError:
                    pass

        try:
            await asyncio.wait_for(wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"{what}: not in {PATIENCE} s; {self.events[-5:]}") from None

    async def open(self):
        await self.until("a channel", lambda: self.channel.readyState == "open")

    def say(self, **message):
        self.channel.send(json.dumps(message))

    def of(self, kind):
        return [event for event in self.events if event["type"] == kind]

    async def close(self):
        await self.connection.close()
        for task in self.tasks:
            task.cancel()


class Calls(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.peers = []

    async def asyncTearDown(self):
        for peer in self.peers:
            await peer.close()

    def peer(self, microphone=None):
        self.peers.append(Peer(microphone))
        return self.peers[-1]

    async def test_a_face_is_there_and_speaks_when_it_is_told_to(self):
        peer = self.peer()
        answer = await peer.talk()
        await peer.until("an idle face", lambda: len(peer.pictures) >= 25)
        self.assertEqual(peer.pictures[0][:2], (512, 512))
        self.assertLess(max(peer.loudness[5:]), 0.001)
        await peer.open()
        peer.say(type="speak", text="Hello. I can hear you well.")
        await peer.until("speech", lambda: peer.of("speaking") and max(peer.loudness) > 0.02)
        await peer.until("the end of it", lambda: peer.of("silent"))
        peer.say(type="status")
        await peer.until("status", lambda: peer.of("status"))
        status = peer.of("status")[0]["status"]
        self.assertEqual(status["session_id"], answer["session_id"])
        self.assertEqual(status["status"], "processing")

    async def test_it_can_be_interrupted(self):
        peer = self.peer()
        await peer.talk(text="This is a long sentence that goes on and on and on. " * 10)
        await peer.open()
        await peer.until("speech", lambda: peer.of("speaking"))
        peer.say(type="interrupt")
        await peer.until("silence", lambda: peer.of("silent"))
        heard = len(peer.loudness)
        await peer.until("a second", lambda: len(peer.loudness) >= heard + 50)
        self.assertLess(max(peer.loudness[heard + 10 :]), 0.001)
        peer.say(type="append", text="And now something ")
        peer.say(type="append", text="else.", final=True)
        await peer.until("speech again", lambda: len(peer.of("speaking")) == 2)

    async def test_a_microphone_drives_the_face(self):
        peer = self.peer(Tone())
        await peer.talk()
        await peer.until("the voice that went in", lambda: peer.loudness and max(peer.loudness) > 0.02)
        await peer.until("pictures", lambda: len(peer.pictures) >= 25)

    async def test_others_watch_the_same_session(self):
        first, second = self.peer(), self.peer()
        session = (await first.talk(text="One, two, three, four, five, six."))["session_id"]
        place = await second.watch(session)
        await second.until("pictures", lambda: len(second.pictures) >= 25 and max(second.loudness) > 0.02)
        loop = asyncio.get_running_loop()
        status, _, _ = await loop.run_in_executor(None, ask, "DELETE", place)
        self.assertEqual(status, 204)
        await second.until("the end", lambda: second.connection.connectionState == "closed")
        seen = len(first.pictures)
        await first.until("more for the first", lambda: len(first.pictures) >= seen + 10)

    @unittest.skipUnless(MASTER, "somebody else's nginx is not told to reload")
    async def test_calls_outlive_a_reload_and_the_next_are_taken_at_the_same_port(self):
        first, second, late = self.peer(), self.peer(), self.peer()
        before = await first.talk()
        await first.open()
        old = workers()
        os.kill(int(MASTER), signal.SIGHUP)
        await first.until("the workers' replacement", lambda: all(leaves(worker) for worker in old))
        # Who watches a session of the old process is sent elsewhere once that has let go of the port.
        await late.watch(before["session_id"], lambda sdp: ports(sdp).isdisjoint(ports(before["sdp"])))
        after = await second.talk(text="Hello from a new process.")
        self.assertEqual(ports(after["sdp"]), ports(before["sdp"]))
        await second.until("a face that speaks", lambda: len(second.pictures) >= 25 and max(second.loudness) > 0.02)
        seen = len(first.pictures)
        first.say(type="speak", text="I am still here.")
        await first.until("speech", lambda: first.of("speaking") and max(first.loudness) > 0.02)
        await first.until("pictures", lambda: len(first.pictures) >= seen + 25)
        await late.until("pictures", lambda: len(late.pictures) >= 25)

    async def test_what_cannot_be_met_is_refused(self):
        loop = asyncio.get_running_loop()

        async def refused(method, path, body, kind="application/json"):
            status, _, answer = await loop.run_in_executor(None, ask, method, path, body, kind)
            return status, json.loads(answer)["code"]

        offer = "/api/realtime/offer"
        self.assertEqual(await refused("POST", offer, b"{}"), (400, "bad_parameter"))
        self.assertEqual(await refused("POST", offer, b'{"sdp":"v=0"}'), (400, "bad_parameter"))
        self.assertEqual(await refused("POST", offer, b"v=0", "application/sdp"), (415, "unsupported_media_type"))
        nobody = "01936b5e-0000-7000-8000-000000000001"
        self.assertEqual(await refused("POST", f"/whep/{nobody}", b"v=0", "application/sdp"), (404, "unknown_session"))
        self.assertEqual(await refused("DELETE", f"/whep/{nobody}/{nobody}", None), (404, "unknown_session"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
