"""GStreamer's webrtcbin as a player of WHEP: a session is watched, decoded and left."""

import json
import math
import struct
import threading
import time
import unittest

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402
from server import PATIENCE, ask  # noqa: E402

Gst.init(None)

CAPS = {
    "video": "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f",
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2",
}
# Without what is not said by those who do not know of it.
BARE = CAPS | {"video": "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000"}
DECODERS = {
    "video": "queue ! rtph264depay ! h264parse ! openh264dec ! appsink name=sink sync=false emit-signals=true",
    "audio": "queue ! rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=F32LE,channels=1,layout=interleaved "
    "! appsink name=sink sync=false emit-signals=true",
}


class Player:
    """A connection, and what was decoded of it."""

    def __init__(self, kinds=("video", "audio"), caps=CAPS, policy=GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE):
        self.news = threading.Condition()
        self.pictures = []
        self.loudness = []
        self.errors = []
        self.pipeline = Gst.Pipeline.new()
        self.pipeline.get_bus().set_sync_handler(self.witness)
        self.peer = Gst.ElementFactory.make("webrtcbin")
        self.peer.set_property("bundle-policy", policy)
        self.pipeline.add(self.peer)
        # Python takes it over from its owner, and must keep it.
        self.ice = self.peer.get_property("ice-agent")
        # It asks no router, and has this address alone: from others nothing is sent to a machine itself.
        self.ice.get_property("agent").set_property("upnp", False)
        self.ice.emit("add-local-ip-address", "127.0.0.1")
        self.peer.connect("pad-added", self.decode)
        for state in ("ice-gathering-state", "connection-state"):
            self.peer.connect(f"notify::{state}", lambda *_: self.tell())
        self.pipeline.set_state(Gst.State.PLAYING)
        for kind in kinds:
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            self.peer.emit("add-transceiver", direction, Gst.Caps.from_string(caps[kind]))

    def tell(self, change=lambda: None):
        with self.news:
            change()
            self.news.notify_all()

    def witness(self, _, message):
        if message.type == Gst.MessageType.ERROR:
            self.tell(lambda: self.errors.append(message.parse_error()))
        return Gst.BusSyncReply.DROP

    def decode(self, _, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        decoder = Gst.parse_bin_from_description(DECODERS[kind], True)
        decoder.get_by_name("sink").connect("new-sample", self.picture if kind == "video" else self.sound)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def picture(self, sink):
        shape = sink.emit("pull-sample").get_caps().get_structure(0)
        size = (shape.get_int("width").value, shape.get_int("height").value)
        self.tell(lambda: self.pictures.append(size))
        return Gst.FlowReturn.OK

    def sound(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        bytes_ = buffer.extract_dup(0, buffer.get_size())
        samples = struct.unpack(f"<{len(bytes_) // 4}f", bytes_)
        power = sum(sample * sample for sample in samples) / max(len(samples), 1)
        self.tell(lambda: self.loudness.append(math.sqrt(power)))
        return Gst.FlowReturn.OK

    def until(self, what, done):
        latest = time.monotonic() + PATIENCE
        with self.news:
            while not self.errors and not done():
                assert time.monotonic() < latest, f"{what}: not in {PATIENCE} s"
                # Not every change of a state is told.
                self.news.wait(0.1)
        assert not self.errors, self.errors

    def state(self, name):
        return self.peer.get_property(name)

    def promised(self, action, *arguments):
        promise = Gst.Promise.new()
        self.peer.emit(action, *arguments, promise)
        promise.wait()
        return promise.get_reply()

    def watch(self, session, protocol):
        """Watches a session over UDP or TCP, and returns where it is hung up."""
        # It is part of the reply, and goes when that does.
        reply = self.promised("create-offer", None)
        offer = reply.get_value("offer")
        self.promised("set-local-description", offer)
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        self.until("candidates", lambda: self.state("ice-gathering-state") == complete)
        body = self.state("local-description").sdp.as_text().encode()
        status, headers, answer = ask("POST", f"/whep/{session}", body, "application/sdp")
        assert status == 201, answer
        lines = answer.splitlines(keepends=True)
        answer = [line for line in lines if not line.startswith("a=candidate:") or f" 1 {protocol} " in line]
        _, sdp = GstSdp.SDPMessage.new_from_text("".join(answer))
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        refused = self.promised("set-remote-description", answer)
        assert refused is None or not refused.has_field("error"), refused.to_string()
        return headers["Location"]

    def until_closed(self):
        """Waits for the other side's farewell or, over TCP, for the end of its connection, which may be noticed first."""
        transport = self.peer.emit("get-transceiver", 0).get_property("receiver").get_property("transport")
        closed, failed = GstWebRTC.WebRTCDTLSTransportState.CLOSED, GstWebRTC.WebRTCPeerConnectionState.FAILED
        self.until("the end", lambda: transport.get_property("state") == closed or self.state("connection-state") == failed)

    def close(self):
        self.pipeline.set_state(Gst.State.NULL)


class Whep(unittest.TestCase):
    def player(self, *arguments):
        player = Player(*arguments)
        self.addCleanup(player.close)
        return player

    def session(self):
        text = "This sentence is said many times. " * 20
        body = json.dumps({"text": text, "language": "en", "pace": "live"}).encode()
        status, _, answer = ask("POST", "/api/stream/start", body)
        self.assertEqual(status, 200, answer)
        return json.loads(answer)["session_id"]

    def test_a_session_is_watched_decoded_and_left(self):
        for protocol in ("udp", "tcp"):
            with self.subTest(protocol):
                player = self.player()
                place = player.watch(self.session(), protocol)
                player.until("two seconds of pictures", lambda: len(player.pictures) >= 50)
                player.until("two seconds of sound", lambda: len(player.loudness) >= 100)
                self.assertEqual(set(player.pictures), {(512, 512)})
                self.assertGreater(max(player.loudness), 0.02)
                self.assertEqual(ask("DELETE", place)[0], 204)
                player.until_closed()

    def test_it_is_watched_by_a_player_as_it_comes(self):
        # All sections have a transport of their own, and only the first of them is there.
        policy = GstWebRTC.WebRTCBundlePolicy.NONE
        for kinds in (("video",), ("audio",), ("video", "audio"), ("audio", "video")):
            with self.subTest(kinds):
                player = self.player(kinds, BARE, policy)
                player.watch(self.session(), "udp")
                seen = {"video": player.pictures, "audio": player.loudness}[kinds[0]]
                player.until("a second of it", lambda seen=seen: len(seen) >= 25)


if __name__ == "__main__":
    unittest.main(verbosity=2)
