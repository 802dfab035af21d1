export { ChunkedStreamingClient } from "./client.js";
export { AvatarError, MicrophoneError, PlaybackError, RefusedError, UnreachableError } from "./errors.js";
export { openMicrophone } from "./microphone.js";
