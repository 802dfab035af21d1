"""Makes an MP4 of a face that says a whole file.

    python film.py speech.mp3 film.mp4 --image face.jpg
"""

import argparse
import sys

from avatar_client import AvatarError, ChunkedStreamingClient


def main() -> None:
    arguments = argparse.ArgumentParser(description="Makes an MP4 of a face that says a file.")
    arguments.add_argument("sound", help="WAV, MP3, FLAC, Ogg or WebM")
    arguments.add_argument("film", help="the MP4 to write")
    face = arguments.add_mutually_exclusive_group()
    face.add_argument("--image", help="a picture of a face: JPEG, PNG, WebP, HEIC or AVIF")
    face.add_argument("--avatar", help="one of the server's faces (anna)")
    arguments.add_argument("--server", default="http://localhost:8080")
    arguments.add_argument("--key", help="an API key, where the server wants one")
    given = arguments.parse_args()

    avatar = None if given.image else given.avatar or "anna"
    with ChunkedStreamingClient(given.server, api_key=given.key) as client:
        try:
            film = client.drive(audio=given.sound, image=given.image, avatar=avatar)
        except AvatarError as error:
            sys.exit(str(error))
    with open(given.film, "wb") as file:
        file.write(film)
    print(f"{given.film}: {len(film)} bytes")


if __name__ == "__main__":
    main()
