/** What went wrong. `code` is stable, `message` is for people. */
export class AvatarError extends Error {
  readonly code: string;
  /** The number of the piece that was not fed, on errors of `feedAudioChunk`. */
  readonly sequence?: number;
}

/** The server answered and said no. `code` is its own, as the table of errors in docs/api.md has them. */
export class RefusedError extends AvatarError {
  /** Of HTTP. */
  readonly status: number;
  /** Seconds after which it may be tried again, where the server said so. */
  readonly retryAfter: number | null;
}

/** No answer came. */
export class UnreachableError extends AvatarError {
  readonly code: "unreachable";
}

/** There is no microphone to listen to. */
export class MicrophoneError extends AvatarError {
  readonly code: "microphone_refused" | "microphone_missing" | "microphone_busy" | "microphone_unavailable";
}

/** The stream cannot be played. */
export class PlaybackError extends AvatarError {
  readonly code: "playback" | "no_hls";
}

export interface ClientOptions {
  /** An API key, where the server asks for one. */
  key?: string;
  /** How often a call is made again; 5. */
  retries?: number;
  /** What makes the requests; the platform's own. */
  fetch?: typeof fetch;
}

/** Bytes, however they come. */
export type Data = Blob | ArrayBuffer | ArrayBufferView;

/** Each with range and default in docs/api.md. */
export interface SessionOptions {
  crop?: boolean;
  seed?: number;
  nfe?: number;
  cfg_scale?: number;
  /** Seconds. */
  chunk_duration?: number;
  /** Samples a second, of sound without a header. */
  audio_sample_rate?: number;
  /** Said of samples without a header, 16 bits, the lower byte first; all else is recognised. */
  format?: "pcm_s16le";
  /** Pitch, yaw and roll, in radians. */
  pose_style?: [number, number, number];
  /** To the right and down, in radians. */
  gaze_style?: [number, number];
  /** Gives the call up. */
  signal?: AbortSignal;
  /** How often this call is made again. */
  retries?: number;
}

export interface Session {
  status: "success";
  session_id: string;
  hls_url: string;
  message: string;
  chunk_duration: number;
  audio_sample_rate: number;
}

export interface Receipt {
  status: "success";
  session_id: string;
  /** Samples still to be shown, 48,000 a second. */
  buffer_samples: number;
  frames_generated: number;
  session_status: SessionState;
  message: string;
}

export type SessionState = "initializing" | "active" | "completed" | "error";

export interface SessionStatus {
  session_id: string;
  status: SessionState;
  total_frames_generated: number;
  buffer_samples: number;
  buffer_seconds: number;
  error: string | null;
  error_code: string | null;
  /** What was wrong with the sound that came last, where it could not be read. */
  warning: string | null;
  /** Seconds since 1970. */
  created_at: number;
  uptime_seconds: number;
}

export interface AttachOptions {
  /** The class of hls.js, where it is not `window.Hls`. */
  Hls?: unknown;
  /** Called when playback cannot go on. */
  onError?: (error: PlaybackError) => void;
}

export interface Playback {
  /** Seconds that the picture is behind the stream, where that is known. */
  readonly latency: number | null;
  /** Lets go of the stream and of the `<video>`. */
  close(): void;
}

export interface MicrophoneOptions {
  /** Seconds; else as the session was begun. */
  chunkDuration?: number;
  /** A microphone that is open already. It is left open. */
  stream?: MediaStream;
  /** Plain samples, even where the browser could record. */
  samples?: boolean;
  /** Called when a piece could not be fed. */
  onError?: (error: AvatarError) => void;
}

export interface Microphone {
  readonly stream: MediaStream;
  /** What the pieces are. */
  readonly mimeType: string;
  /** Stops listening. Resolves when the last piece was fed: the film then ends with it. */
  stop(): Promise<void>;
}

/** One face that says what it is fed with. */
export class ChunkedStreamingClient {
  /** `server` is the server's address; "" is the one that the page came from. */
  constructor(server?: string, options?: ClientOptions);

  /** Of the session that was begun, or null. */
  readonly sessionId: string | null;
  /** What the server answered when it was begun, or null. */
  readonly session: Session | null;
  /** Where the session's playlist is. */
  readonly playlist: string;

  /** Begins a session with a picture of a face (JPEG, PNG, WebP, HEIC or AVIF), or with one of the server's own. */
  initSession(face: Data | { avatar: string }, options?: SessionOptions): Promise<Session>;

  /**
   * Feeds a piece of sound, or nothing with the last. Pieces are numbered in the order of these calls, so that it does no
   * harm when one is sent twice. One that failed for good is fed again with the `sequence` of its error.
   */
  feedAudioChunk(sound: Data | null, isFinal?: boolean, options?: { sequence?: number }): Promise<Receipt>;

  /** How the session stands. */
  getStatus(): Promise<SessionStatus>;

  /** Ends the session and frees all of it. Harmless where there is none. */
  cleanup(): Promise<void>;

  /** Plays the session in a `<video>`, close to the present. */
  attach(video: HTMLVideoElement, options?: AttachOptions): Playback;

  /** Feeds the session from the microphone. */
  fromMicrophone(options?: MicrophoneOptions): Promise<Microphone>;
}

/** Asks for the microphone. Rejects with a `MicrophoneError`. */
export function openMicrophone(): Promise<MediaStream>;
