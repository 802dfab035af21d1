"""Feeds a WAV as a microphone would, in real time, and prints what its viewers open.

    python live.py speech.wav --image face.jpg
"""

import argparse
import time
import wave

from avatar_client import ChunkedStreamingClient


def main() -> None:
    arguments = argparse.ArgumentParser(description="Feeds a WAV in real time.")
    arguments.add_argument("sound", help="a WAV")
    face = arguments.add_mutually_exclusive_group()
    face.add_argument("--image", help="a picture of a face: JPEG, PNG, WebP, HEIC or AVIF")
    face.add_argument("--avatar", help="one of the server's faces (anna)")
    arguments.add_argument("--server", default="http://localhost:8080")
    arguments.add_argument("--key", help="an API key, where the server wants one")
    arguments.add_argument("--chunk", type=float, default=0.5, help="seconds of a piece (0.5)")
    given = arguments.parse_args()

    with wave.open(given.sound) as sound:
        rate = sound.getframerate() * sound.getnchannels() * sound.getsampwidth()
    avatar = None if given.image else given.avatar or "anna"

    with ChunkedStreamingClient(given.server, api_key=given.key) as client:
        client.init_session(given.image, avatar=avatar, chunk_duration=given.chunk)
        print(client.hls_url, flush=True)

        # The file is cut anywhere; the server puts it together.
        begun = time.monotonic()
        with open(given.sound, "rb") as file:
            number = 0
            while piece := file.read(max(1, int(rate * given.chunk))):
                number += 1
                time.sleep(max(0.0, begun + number * given.chunk - time.monotonic()))
                client.feed_audio_chunk(piece)
        client.feed_audio_chunk(is_final=True)

        while (status := client.get_status())["status"] not in ("completed", "error"):
            time.sleep(0.5)
        print(f"{status['status']}: {status['total_frames_generated']} frames")
        # Viewers are a little behind.
        time.sleep(5)


if __name__ == "__main__":
    main()
