"""The client against a real server. BASE names it, PHOTOGRAPH a picture of a face."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Callable

from avatar_client import AvatarError, ChunkedStreamingClient, ConnectionFailed
from avatar_client.transport import Transport, seconds

from middleman import BUSY, HANG_UP, LOSE, PASS, Middleman
from sound import RATE, heard, likeness, nobody, probed, raw, speech

BASE = os.environ["BASE"]
PHOTOGRAPH = os.environ["PHOTOGRAPH"]
EXAMPLES = Path(__file__).parent.parent / "examples"
NOBODY = "01936b5e-0000-7000-8000-000000000001"
SAID = 0.97


def client(server: str = BASE, **options: Any) -> ChunkedStreamingClient:
    return ChunkedStreamingClient(server, **options)


def pieces(sound: bytes, size: int = 20_000) -> list[bytes]:
    return [sound[at : at + size] for at in range(0, len(sound), size)]


class Case(unittest.TestCase):
    def complete(self, session: ChunkedStreamingClient) -> bytes:
        """The sound of a session's film, when all of it is there."""
        deadline = time.monotonic() + 120
        while (status := session.get_status())["status"] != "completed":
            self.assertNotEqual(status["status"], "error", status)
            self.assertLess(time.monotonic(), deadline, status)
            time.sleep(0.1)
        return heard(f"{BASE}/hls/{session.session_id}/output.mp4")

    def refused(self, code: str, status: int, call: Callable[[], object]) -> AvatarError:
        with self.assertRaises(AvatarError) as raised:
            call()
        error = raised.exception
        self.assertEqual((error.code, error.status), (code, status), error)
        self.assertTrue(error.message)
        return error


class Fed(Case):
    def test_a_photo_says_what_it_is_fed(self) -> None:
        with client() as session:
            identifier = session.init_session(
                PHOTOGRAPH,
                pose_style=(0.05, -0.1, 0.02),
                gaze_style=[0.1, 0],
                seed=7,
                crop=True,
                nfe=10,
                cfg_scale=2.0,
                chunk_duration=0.5,
            )
            self.assertEqual(session.session_id, identifier)
            self.assertEqual(session.hls_url, f"{BASE}/hls/{identifier}/playlist.m3u8")
            self.assertTrue(session.message)
            assert session.hls_url is not None
            with urllib.request.urlopen(session.hls_url) as playlist:
                self.assertTrue(playlist.read().startswith(b"#EXTM3U"))
            status = session.get_status()
            self.assertEqual((status["session_id"], status["status"]), (identifier, "active"))
            self.assertIsNone(status["error"])
            for piece in pieces(speech("-f", "mp3"), 4_001):
                result = session.feed_audio_chunk(piece)
                self.assertEqual((result["status"], result["message"]), ("success", "taken"))
            session.feed_audio_chunk(is_final=True)
            self.assertGreater(likeness(self.complete(session), raw()), SAID)
            self.assertGreater(session.get_status()["total_frames_generated"], 25)
        self.assertIsNone(session.session_id)
        with client() as other:
            other.session_id = identifier
            self.refused("unknown_session", 404, other.get_status)

    def test_samples_without_a_header_have_the_rate_that_was_named(self) -> None:
        sound = speech("-f", "s16le", "-ar", "16000")
        with client() as session, open(PHOTOGRAPH, "rb") as photograph:
            session.init_session(image_path=photograph, audio_sample_rate=16_000)
            session.feed_audio_chunk(sound, is_final=True)
            self.assertGreater(likeness(self.complete(session), raw()), SAID)

    def test_pieces_may_come_in_any_order_and_twice(self) -> None:
        every = pieces(raw())
        order = list(range(len(every)))
        for at in range(0, len(order), 3):
            order[at : at + 3] = reversed(order[at : at + 3])
        with client() as session:
            session.init_session(avatar="anna", format="pcm_s16le")
            for number in order:
                last = number + 1 == len(every)
                for message in ("taken", "this piece had come before"):
                    result = session.feed_audio_chunk(every[number], last, sequence=number)
                    self.assertEqual(result["message"], message)
            self.assertGreater(likeness(self.complete(session), raw()), SAID)

    def test_threads_may_share_a_client(self) -> None:
        with client() as session:
            session.init_session(avatar="anna", format="pcm_s16le")
            over = threading.Event()
            faults: list[Exception] = []

            def ask() -> None:
                while not over.is_set():
                    try:
                        session.get_status()
                    except Exception as fault:
                        faults.append(fault)
                        return

            threads = [threading.Thread(target=ask) for _ in range(3)]
            for thread in threads:
                thread.start()
            try:
                for piece in pieces(raw(), 4_800):
                    session.feed_audio_chunk(piece)
            finally:
                over.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(faults, [])
            session.feed_audio_chunk(is_final=True)
            self.assertGreater(likeness(self.complete(session), raw()), SAID)

    def test_what_comes_too_fast_is_tried_again_and_not_lost(self) -> None:
        with client() as session, client(patience=0) as impatient:
            session.init_session(avatar="anna", format="pcm_s16le")
            for _ in range(6):
                session.feed_audio_chunk(bytes(2 * RATE * 10))
            session.feed_audio_chunk(bytes(2 * RATE * 4))
            deadline = time.monotonic() + 60
            while session.get_status()["buffer_seconds"] <= 60:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            impatient.session_id = session.session_id
            error = self.refused("busy", 429, lambda: impatient.feed_audio_chunk(b"\0\0", sequence=7))
            self.assertGreater(error.retry_after or 0, 0)
            impatient.session_id = None
            self.assertEqual(session.feed_audio_chunk(b"\0\0")["message"], "taken")

    def test_a_client_has_one_session(self) -> None:
        with client() as session:
            for call in (session.get_status, lambda: session.feed_audio_chunk(b"\0\0")):
                with self.assertRaises(RuntimeError):
                    call()
            session.cleanup()
            first = session.init_session(avatar="anna", format="pcm_s16le")
            with self.assertRaises(RuntimeError):
                session.init_session(avatar="anna", format="pcm_s16le")
            session.cleanup()
            self.assertNotEqual(session.init_session(avatar="dias", format="pcm_s16le"), first)


class Whole(Case):
    def film(self, film: bytes) -> None:
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(film)
            file.flush()
            self.assertEqual(probed(file.name, "stream=codec_name"), ["h264", "aac"])
            self.assertGreater(likeness(heard(file.name), raw()), SAID)

    def test_a_file_is_a_film(self) -> None:
        with client() as session, tempfile.NamedTemporaryFile(suffix=".flac") as file:
            file.write(speech("-f", "flac"))
            file.flush()
            self.film(session.drive(audio=Path(file.name), image=PHOTOGRAPH))
            # What is read from where it stands, and more than once.
            file.seek(0)
            self.film(session.drive(audio=file.file, avatar="dias"))
            self.assertIsNone(session.session_id)

    def test_a_pipe_is_a_film(self) -> None:
        command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "ogg", "-c:a", "libopus", "-"]
        with tempfile.TemporaryFile() as file:
            file.write(speech("-f", "wav"))
            file.seek(0)
            with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as ffmpeg:
                assert ffmpeg.stdout is not None
                with client() as session:
                    self.film(session.drive(audio=ffmpeg.stdout, avatar="anna"))

    def test_a_file_is_a_stream(self) -> None:
        with client() as session:
            session.drive_stream(audio=speech("-f", "wav"), avatar="dias")
            self.assertGreater(likeness(self.complete(session), raw()), SAID)


class Unreliable(Case):
    def end(self, lost: list[bytes]) -> None:
        """Ends sessions of which no client was told."""
        for answer in lost:
            with client() as session:
                session.session_id = json.loads(answer)["session_id"]

    # What is tried again comes late; behind this it is in time.
    AHEAD = bytes(2 * RATE * 6)

    def test_lost_answers_lose_no_sound_and_repeat_none(self) -> None:
        plan = [PASS, PASS] + [LOSE, LOSE, PASS, HANG_UP, BUSY, PASS] * 2
        with Middleman(BASE, plan) as between, client(between.url) as session:
            session.init_session(avatar="anna", format="pcm_s16le")
            session.feed_audio_chunk(self.AHEAD)
            for piece in pieces(raw()):
                session.feed_audio_chunk(piece)
            session.feed_audio_chunk(is_final=True)
            self.assertEqual(plan, [])
            self.assertGreater(likeness(self.complete(session), raw()), SAID)

    def test_who_goes_on_after_an_error_loses_nothing_that_may_have_arrived(self) -> None:
        sound = raw()
        one, two, three, four = pieces(sound, (len(sound) // 4 + 2) & ~1)
        # One loss on a connection that was in use before is taken for its end.
        plan = [PASS, PASS] + [LOSE, LOSE] + [PASS, LOSE, LOSE] + [PASS] + [LOSE, LOSE] + [LOSE] + [PASS]
        with Middleman(BASE, plan) as between, client(between.url, patience=0) as session:

            def fails(piece: bytes) -> None:
                with self.assertRaises(ConnectionFailed) as raised:
                    session.feed_audio_chunk(piece)
                error = raised.exception
                self.assertEqual((error.code, error.status), ("connection_failed", 0))

            session.init_session(avatar="anna", format="pcm_s16le")
            session.feed_audio_chunk(self.AHEAD)
            fails(one)
            # The first goes ahead, and arrives.
            fails(two)
            session.feed_audio_chunk(two)
            fails(three)
            # The third goes ahead, and is lost again.
            fails(four)
            session.feed_audio_chunk(four)
            self.assertEqual(plan, [])
            session.feed_audio_chunk(is_final=True)
            self.assertGreater(likeness(self.complete(session), sound), SAID)

    def test_a_session_is_not_begun_twice(self) -> None:
        with Middleman(BASE, [BUSY, LOSE]) as between, client(between.url) as session:
            self.addCleanup(self.end, between.lost)
            with self.assertRaises(ConnectionFailed):
                session.init_session(avatar="anna", format="pcm_s16le")
            self.assertEqual(between.paths, ["/api/audio-driven/chunked/init"] * 2)

    def test_one_connection_is_enough(self) -> None:
        with Middleman(BASE, []) as between, client(between.url) as session:
            session.init_session(avatar="anna", format="pcm_s16le")
            begun = between.connections
            for _ in range(5):
                session.feed_audio_chunk(bytes(4_800))
                session.get_status()
            self.assertLessEqual(between.connections - begun, 1)

    def test_keys_and_paths_of_servers_are_sent(self) -> None:
        with Middleman(BASE, []) as between:
            with client(f"{between.url}/behind/", api_key="secret") as session:
                identifier = session.init_session(avatar="anna", format="pcm_s16le")
                self.assertEqual(session.hls_url, f"{between.url}/behind/hls/{identifier}/playlist.m3u8")
            self.assertEqual(between.keys, ["secret"] * 2)
            self.assertTrue(all(path.startswith("/behind/api/") for path in between.paths))

    def test_a_server_that_knows_its_path_has_put_it_before_what_it_gives(self) -> None:
        for server, given, whole in [
            ("http://host", "/hls/1", "http://host/hls/1"),
            ("http://host/avatar/", "/hls/1", "http://host/avatar/hls/1"),
            ("http://host/avatar", "/avatar/hls/1", "http://host/avatar/hls/1"),
            ("http://host/hls", "/hls-1", "http://host/hls/hls-1"),
        ]:
            transport = Transport(server, key=None, timeout=1.0, patience=1.0, context=None)
            self.assertEqual(transport.given(given), whole)

    def test_a_server_with_a_certificate_must_have_the_right_one(self) -> None:
        with tempfile.TemporaryDirectory() as room:
            command = (
                f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1 -keyout {room}/key"
            )
            names = ["-addext", "subjectAltName=DNS:localhost", "-out", f"{room}/certificate"]
            subprocess.run([*command.split(), *names], check=True, capture_output=True)
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(f"{room}/certificate", f"{room}/key")
            trusting = ssl.create_default_context(cafile=f"{room}/certificate")
        with Middleman(BASE, [], tls) as between:
            with client(between.url, ssl_context=trusting) as session:
                session.init_session(PHOTOGRAPH, format="pcm_s16le")
                self.assertEqual(session.feed_audio_chunk(bytes(4_800))["message"], "taken")
            with client(between.url) as stranger, self.assertRaises(ConnectionFailed) as raised:
                stranger.init_session(PHOTOGRAPH, format="pcm_s16le")
            self.assertIn("certificate", raised.exception.message)

    def test_nobody_is_there(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            with client(address, patience=0.5) as session, self.assertRaises(ConnectionFailed):
                session.init_session(avatar="anna", format="pcm_s16le")
        for nowhere in ("ftp://127.0.0.1", "http://", ""):
            with self.assertRaises(ValueError):
                client(nowhere)

    def test_a_server_says_in_two_ways_when_to_come_again(self) -> None:
        self.assertEqual(seconds("2"), 2)
        soon = datetime.now(timezone.utc) + timedelta(seconds=100)
        waited = seconds(format_datetime(soon, usegmt=True))
        assert waited is not None
        self.assertTrue(90 < waited <= 100, waited)
        self.assertEqual(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), 0)
        for nothing in (None, "", "soon"):
            self.assertIsNone(seconds(nothing))


class Refused(Case):
    def setUp(self) -> None:
        self.client = client()
        self.addCleanup(self.client.close)

    def test_each_fault_has_its_word(self) -> None:
        session = self.client
        self.refused("bad_image", 400, lambda: session.init_session(nobody()))
        self.refused("bad_image", 400, lambda: session.init_session(b"this is no picture"))
        self.refused("unknown_avatar", 400, lambda: session.init_session(avatar="nobody"))
        error = self.refused("bad_parameter", 400, lambda: session.init_session(avatar="anna", nfe=51))
        self.assertIn("50", error.message)
        self.assertIn("bad_parameter", str(error))
        noise = b"fLaC" + b"\x55" * 5_000
        self.refused("bad_audio", 400, lambda: session.drive(audio=noise, avatar="anna"))
        self.refused("bad_parameter", 400, lambda: session.drive(audio=b"", avatar="anna"))
        session.session_id = NOBODY
        self.refused("unknown_session", 404, session.get_status)
        self.refused("unknown_session", 404, lambda: session.feed_audio_chunk(b"\0\0"))
        # What is gone already is ended.
        session.cleanup()
        self.assertIsNone(session.session_id)

    def test_what_is_too_large_is_refused_before_all_of_it_is_sent(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(200 << 20)
            self.refused("too_large", 413, lambda: self.client.drive(audio=file, avatar="anna"))

    def test_other_servers_are_told_apart(self) -> None:
        with client(f"{BASE}/nowhere") as other:
            self.refused("unexpected_answer", 404, lambda: other.init_session(avatar="anna", format="pcm_s16le"))

    def test_what_cannot_be_meant_is_not_sent(self) -> None:
        wrong: list[dict[str, Any]] = [
            {},
            {"image": PHOTOGRAPH, "avatar": "anna"},
            {"avatar": "anna", "sead": 7},
        ]
        for options in wrong:
            with self.assertRaises(TypeError):
                self.client.init_session(**options)
        with self.assertRaises(FileNotFoundError):
            self.client.init_session("nowhere.jpg")


class Examples(Case):
    def run_example(self, name: str, *arguments: str) -> str:
        command = [sys.executable, str(EXAMPLES / name), *arguments, "--server", BASE]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_live(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            # ffmpeg cannot go back in a pipe to say how long it is.
            with tempfile.TemporaryDirectory() as room:
                whole = f"{room}/whole.wav"
                command = [
                    "ffmpeg",
                    "-v",
                    "error",
                    "-f",
                    "s16le",
                    "-ar",
                    str(RATE),
                    "-ac",
                    "1",
                    "-i",
                    "-",
                    whole,
                ]
                subprocess.run(command, input=raw(), check=True)
                file.write(Path(whole).read_bytes())
            file.flush()
            lines = self.run_example(
                "live.py", file.name, "--image", PHOTOGRAPH, "--chunk", "0.25"
            ).splitlines()
        self.assertRegex(lines[0], rf"^{BASE}/hls/[0-9a-f-]{{36}}/playlist\.m3u8$")
        self.assertRegex(lines[1], r"^completed: \d+ frames$")

    def test_film(self) -> None:
        with tempfile.TemporaryDirectory() as room:
            sound, film = Path(room, "speech.mp3"), Path(room, "film.mp4")
            sound.write_bytes(speech("-f", "mp3"))
            self.run_example("film.py", str(sound), str(film), "--avatar", "dias")
            self.assertGreater(likeness(heard(str(film)), raw()), SAID)


if __name__ == "__main__":
    unittest.main()
