"""OpenAI's own client, with nothing changed but the address. BASE names the server."""

import base64
import json
import os
import struct
import subprocess
import tempfile
import unittest
import wave

import openai
import soundfile
from scipy.io import wavfile

BASE = os.environ["BASE"]
TEXT = "Good morning. It is a pleasure to see you here today!"
FORMATS = {
    "mp3": "mp3",
    "opus": "opus",
    "aac": "aac",
    "flac": "flac",
    "wav": "pcm_s16le",
}


def client(**options):
    options = {"api_key": "unused", "base_url": f"{BASE}/v1", **options}
    return openai.OpenAI(**options)


def speak(**options):
    order = {"model": "tts-1", "voice": "alloy", "input": TEXT, **options}
    return client().audio.speech.create(**order).read()


def ffprobe(path, entry):
    command = ["ffprobe", "-v", "error", "-show_entries", entry, "-of", "csv=p=0", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "", done.stderr
    return done.stdout.strip()


def decoded(path):
    """Seconds of sound in a file, of which ffmpeg must not complain."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ac", "1", "-ar", "24000", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b"", done.stderr
    return len(done.stdout) / 48_000


class Speech(unittest.TestCase):
    def test_all_formats_are_streamed_to_files(self):
        exact = len(speak(response_format="pcm")) / 48_000
        self.assertGreater(exact, 2)
        with tempfile.TemporaryDirectory() as room:
            for format, codec in FORMATS.items():
                path = f"{room}/speech.{format}"
                streamed = client().audio.speech.with_streaming_response
                with streamed.create(
                    model="gpt-4o-mini-tts",
                    voice="coral",
                    input=TEXT,
                    instructions="Speak cheerfully.",
                    response_format=format,
                ) as response:
                    length = response.headers.get("content-length")
                    response.stream_to_file(path)
                # It is told where all of it was there already.
                self.assertIn(length, [None, str(os.path.getsize(path))])
                self.assertEqual(ffprobe(path, "stream=codec_name"), codec)
                self.assertAlmostEqual(decoded(path), exact, delta=0.15)

    def test_readers_that_believe_headers_read_all(self):
        exact = len(speak(response_format="pcm")) // 2
        with tempfile.TemporaryDirectory() as room:
            for format in ("wav", "flac"):
                path = f"{room}/speech.{format}"
                with open(path, "wb") as file:
                    file.write(speak(response_format=format, extra_body={"stream": False}))
                self.assertEqual(soundfile.info(path).frames, exact)
                sound, rate = soundfile.read(path)
                self.assertEqual((len(sound), rate), (exact, 24_000))
            rate, sound = wavfile.read(f"{room}/speech.wav", mmap=True)
            self.assertEqual((len(sound), rate), (exact, 24_000))

    def test_a_file_is_written_where_nothing_is_said_of_its_format(self):
        with tempfile.NamedTemporaryFile(suffix=".mp3") as file:
            order = {"model": "tts-1-hd", "voice": {"id": "en-us-male"}, "input": TEXT}
            client().audio.speech.create(**order).write_to_file(file.name)
            self.assertEqual(ffprobe(file.name, "stream=codec_name"), "mp3")

    def test_python_reads_a_streamed_wav(self):
        pcm, wav = speak(response_format="pcm"), speak(response_format="wav")
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(wav)
            file.flush()
            with wave.open(file.name) as sound:
                parameters = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
                self.assertEqual(parameters, (1, 2, 24_000))
                frames = sound.readframes(len(wav))
                self.assertEqual(frames, wav[-len(frames) :])
                self.assertAlmostEqual(len(frames) / 48_000, len(pcm) / 48_000, delta=0.15)

    def test_sound_comes_in_pieces(self):
        text = " ".join([TEXT] * 40)
        streamed = client().audio.speech.with_streaming_response
        with streamed.create(model="tts-1", voice="echo", input=text, response_format="pcm") as response:
            pieces = list(response.iter_bytes(4096))
        self.assertGreater(len(pieces), 100)
        pcm = b"".join(pieces)
        self.assertEqual(pcm, speak(input=text, response_format="pcm"))
        loudest = max(abs(value) for (value,) in struct.iter_unpack("<h", pcm[: 48_000 * 5]))
        self.assertGreater(loudest, 3_000)

    def test_events_carry_the_same_sound(self):
        streamed = client().audio.speech.with_streaming_response
        order = {"model": "gpt-4o-mini-tts", "voice": "verse", "input": TEXT, "response_format": "pcm"}
        pcm = b""
        with streamed.create(**order, stream_format="sse") as response:
            for line in response.iter_lines():
                if not line.startswith("data: "):
                    continue
                event = json.loads(line[len("data: ") :])
                if event["type"] == "speech.audio.delta":
                    pcm += base64.b64decode(event["audio"])
        self.assertEqual(event["type"], "speech.audio.done")
        self.assertEqual(pcm, speak(**order))

    def test_speed_and_language_are_heeded(self):
        natural = len(speak(response_format="pcm"))
        self.assertAlmostEqual(len(speak(response_format="pcm", speed=2.0)) / natural, 0.5, delta=0.05)
        self.assertAlmostEqual(len(speak(response_format="pcm", speed=0.5)) / natural, 2, delta=0.1)
        english = speak(input="12", response_format="pcm", extra_body={"language": "en"})
        russian = speak(input="12", response_format="pcm", extra_body={"language": "ru"})
        self.assertNotEqual(english, russian)

    def test_models_are_listed(self):
        self.assertIn("tts-1", [model.id for model in client().models.list()])

    def test_a_model_can_be_asked_for(self):
        self.assertEqual(client().models.retrieve("tts-1").id, "tts-1")
        with self.assertRaises(openai.NotFoundError) as raised:
            client().models.retrieve("gpt-99")
        self.assertEqual(raised.exception.code, "model_not_found")
        self.assertTrue(raised.exception.request_id)

    def test_refusals_are_the_client_s_own_exceptions(self):
        with self.assertRaises(openai.BadRequestError) as raised:
            speak(voice="nobody")
        error = raised.exception
        self.assertEqual((error.code, error.param, error.type), ("unknown_voice", "voice", "invalid_request_error"))
        with self.assertRaises(openai.BadRequestError) as raised:
            speak(input="")
        self.assertEqual(raised.exception.code, "empty_text")
        # Letters that no voice reads: no client is to ask again.
        with self.assertRaises(openai.BadRequestError) as raised:
            speak(input="שלום עולם", extra_body={"language": "en"})
        self.assertEqual(raised.exception.code, "unsupported_language")


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_the_asynchronous_client_streams_too(self):
        client = openai.AsyncOpenAI(api_key="unused", base_url=f"{BASE}/v1")
        streamed = client.audio.speech.with_streaming_response
        pcm = b""
        async with streamed.create(model="tts-1", voice="sage", input=TEXT, response_format="pcm") as response:
            async for piece in response.iter_bytes():
                pcm += piece
        self.assertEqual(pcm, speak(voice="sage", response_format="pcm"))


if __name__ == "__main__":
    unittest.main()
