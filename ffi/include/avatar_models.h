#ifndef AVATAR_MODELS_H
#define AVATAR_MODELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The neural networks of a talking avatar.
 *
 * Versions. Call avatar_models_abi first: where it returns another number than AVATAR_MODELS_VERSION was when the caller was
 * compiled, nothing else may be called. Structures that may grow begin with their size, and newer fields come last.
 *
 * Two models. Networks (MuseTalk) draw faces that are laid over a clip; a talker (IMTalker) draws all of a picture from one photo. A
 * library may have been built before there were talkers: a caller that opens it at run time then lacks those functions only.
 *
 * Errors. Functions that return int32_t return an avatar_models_status, which may be a number that is not in this file; whatever is
 * not 0 is a failure. A text for people is then written to `message`, of which `capacity` bytes may be used, cut to fit and ended
 * with a NUL; `message` may be null. What a failed call was to write is undefined, except that a handle is null. A library
 * never throws or unwinds into its caller.
 *
 * Ownership. A handle is closed by whoever opened it, once, with the function named for it; closing null does nothing. Listeners and
 * portraits are closed before the networks they come from, performances and photos before their talker. Nothing that is passed in is
 * kept after the call, and nothing that the library owns is handed out, except the text of avatar_models_title.
 *
 * Threads. Each kind of handle says what may be done with it at the same time. Different handles are independent, also those of the
 * same networks. A process that forks must not use the library both before and after.
 */

/**
 * The version of this interface. A library with another one must not be used.
 */
#define AVATAR_MODELS_VERSION 1

/**
 * How a call ended. Functions return it as an `int32_t`, since a later library may know more of them.
 */
enum avatar_models_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It did what it was asked.
     */
    AVATAR_MODELS_STATUS_OK = 0,
    /**
     * The caller passed something that cannot be.
     */
    AVATAR_MODELS_STATUS_ARGUMENT = 1,
    /**
     * Weights are missing or do not fit: the text names the tensor, the shape it must have and the one it has.
     */
    AVATAR_MODELS_STATUS_WEIGHTS = 2,
    /**
     * Memory ran out, the host's or the device's. The same with fewer requests may succeed.
     */
    AVATAR_MODELS_STATUS_MEMORY = 3,
    /**
     * The device is broken for this process, which must be replaced.
     */
    AVATAR_MODELS_STATUS_DEVICE = 4,
    /**
     * A file could not be read or written.
     */
    AVATAR_MODELS_STATUS_IO = 5,
    /**
     * The caller wished to stop.
     */
    AVATAR_MODELS_STATUS_CANCELLED = 6,
    /**
     * A fault of the library.
     */
    AVATAR_MODELS_STATUS_INTERNAL = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum avatar_models_status avatar_models_status;
#else
typedef int32_t avatar_models_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How numbers are kept in the device's memory.
 */
enum avatar_models_precision
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * As is best for the device.
     */
    AVATAR_MODELS_PRECISION_AUTO = 0,
    /**
     * 32 bits.
     */
    AVATAR_MODELS_PRECISION_SINGLE = 1,
    /**
     * 16 bits, IEEE 754.
     */
    AVATAR_MODELS_PRECISION_HALF = 2,
    /**
     * 16 bits, with the exponent of 32.
     */
    AVATAR_MODELS_PRECISION_BRAIN = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum avatar_models_precision avatar_models_precision;
#else
typedef uint32_t avatar_models_precision;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which part of a face is replaced.
 */
enum avatar_models_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The lower face down to the jaw, widened; not the nose.
     */
    AVATAR_MODELS_MODE_JAW = 0,
    /**
     * Skin and lips as they were found.
     */
    AVATAR_MODELS_MODE_RAW = 1,
    /**
     * As raw, and the neck.
     */
    AVATAR_MODELS_MODE_NECK = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum avatar_models_mode avatar_models_mode;
#else
typedef uint32_t avatar_models_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which part of a photo is drawn.
 */
enum avatar_models_framing
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The square around the surest face, 1.6 times as wide; where there is none, the largest in the middle.
     */
    AVATAR_MODELS_FRAMING_FACE = 0,
    /**
     * All of it, stretched to a square.
     */
    AVATAR_MODELS_FRAMING_WHOLE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum avatar_models_framing avatar_models_framing;
#else
typedef uint32_t avatar_models_framing;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * One session's ear. May move between threads; one call at a time.
 */
typedef struct avatar_models_listener avatar_models_listener;

/**
 * Networks that are loaded. May be used by several threads at once, except that one call of `avatar_models_faces` runs at a time
 * and nothing may run during `avatar_models_close`.
 */
typedef struct avatar_models_networks avatar_models_networks;

/**
 * One session's speech, turned into motion. May move between threads; one call at a time.
 */
typedef struct avatar_models_performance avatar_models_performance;

/**
 * One photo, looked at. May be used by several threads at once.
 */
typedef struct avatar_models_photo avatar_models_photo;

/**
 * One avatar's prepared latents. May be used by several threads at once.
 */
typedef struct avatar_models_portrait avatar_models_portrait;

/**
 * The networks that prepare avatars. May move between threads; one call at a time.
 */
typedef struct avatar_models_preparer avatar_models_preparer;

/**
 * The networks that make photos talk, loaded. May be used by several threads at once, except that one call of
 * `avatar_models_pictures` runs at a time and nothing may run during `avatar_models_talker_close`.
 */
typedef struct avatar_models_talker avatar_models_talker;

/**
 * What is loaded, and how.
 */
typedef struct avatar_models_options {
    /**
     * The size of this structure, in bytes. Fields beyond it are taken to be zero.
     */
    uint32_t size;
    /**
     * The directory of imported weights.
     */
    const char *weights;
    /**
     * "auto", "cpu", "cuda" or "cuda:N"; null is "auto".
     */
    const char *device;
    /**
     * An `avatar_models_precision`.
     */
    uint32_t precision;
    /**
     * Threads that compute on the processor; 0 is one for each core.
     */
    uint32_t threads;
    /**
     * How many faces are asked for at once at most; 0 is as many as the library likes.
     */
    uint32_t max_batch;
} avatar_models_options;

/**
 * What has been loaded.
 */
typedef struct avatar_models_description {
    /**
     * The size of this structure, in bytes: set by the caller to what there is room for, and by the library to what it has filled.
     */
    uint32_t size;
    /**
     * The side of a face, in pixels.
     */
    uint32_t face_side;
    /**
     * How many floats the tokens of one frame are.
     */
    uint32_t tokens;
    /**
     * The rate of the speech, in samples a second.
     */
    uint32_t sample_rate;
    /**
     * How many faces can be asked for at once.
     */
    uint32_t max_batch;
    /**
     * How much speech after a frame's beginning must be known before its tokens are, in milliseconds.
     */
    uint32_t lookahead_ms;
} avatar_models_description;

/**
 * One face of a batch.
 */
typedef struct avatar_models_request {
    /**
     * Of whom.
     */
    const struct avatar_models_portrait *portrait;
    /**
     * Which of its frames, from 0.
     */
    uint32_t index;
    /**
     * What is said: `tokens` floats.
     */
    const float *tokens;
    /**
     * Where the face goes: `face_side` rows of `face_side` pixels of red, green and blue.
     */
    uint8_t *face;
} avatar_models_request;

/**
 * What has been loaded to make photos talk.
 */
typedef struct avatar_models_talker_description {
    /**
     * The size of this structure, in bytes: set by the caller to what there is room for, and by the library to what it has filled.
     */
    uint32_t size;
    /**
     * Which of the published versions of IMTalker draws: 1 or 2.
     */
    uint32_t version;
    /**
     * The side of a picture, in pixels.
     */
    uint32_t side;
    /**
     * How many floats the motion of one frame is.
     */
    uint32_t motion;
    /**
     * The rate of the speech, in samples a second.
     */
    uint32_t sample_rate;
    /**
     * The rate of the pictures, in frames a second.
     */
    uint32_t frame_rate;
    /**
     * How many pictures can be asked for at once.
     */
    uint32_t max_batch;
    /**
     * How many frames motion is made for at once at most.
     */
    uint32_t window;
    /**
     * How much speech after a frame's end must be known before its motion is made, in milliseconds.
     */
    uint32_t lookahead_ms;
    /**
     * Whether faces are found in photos, 1 or 0. Where they are not, `AVATAR_MODELS_FRAMING_FACE` fails.
     */
    uint32_t finds_faces;
} avatar_models_talker_description;

/**
 * One picture of a batch.
 */
typedef struct avatar_models_picture_request {
    /**
     * Of whom.
     */
    const struct avatar_models_photo *photo;
    /**
     * How the face is held: `motion` floats.
     */
    const float *motion;
    /**
     * Where the picture goes: `side` rows of `side` pixels of red, green and blue.
     */
    uint8_t *picture;
} avatar_models_picture_request;

/**
 * A rectangle of pixels; x1 and y1 lie outside.
 */
typedef struct avatar_models_box {
    /**
     * Left.
     */
    int32_t x0;
    /**
     * Top.
     */
    int32_t y0;
    /**
     * Right.
     */
    int32_t x1;
    /**
     * Bottom.
     */
    int32_t y1;
} avatar_models_box;

/**
 * How somebody speaks.
 */
typedef struct avatar_models_manner {
    /**
     * The size of this structure, in bytes. Fields beyond it are taken to be zero.
     */
    uint32_t size;
    /**
     * Moments from noise to motion, both ends counted, so that there is one step less (nfe); 0 is 10.
     */
    uint32_t moments;
    /**
     * What decides the noise that motion begins as. The same on every device.
     */
    uint64_t seed;
    /**
     * How many times as far as speech draws it motion goes (cfg_scale); 0 is 2.
     */
    float guidance;
    /**
     * How much of the photo's own motion is mixed in: 0 for none, 1 for no movement at all.
     */
    float calm;
    /**
     * Frames that motion is made for at least, while speech arrives: fewer come sooner and cost more. 0 is 10.
     */
    uint32_t step;
    /**
     * Whether `pose` is told to the network, 1 or 0.
     */
    uint32_t has_pose;
    /**
     * Pitch, yaw and roll of the head in every frame, about radians.
     */
    float pose[3];
    /**
     * Whether `gaze` is told to the network, 1 or 0.
     */
    uint32_t has_gaze;
    /**
     * Where the eyes look in every frame.
     */
    float gaze[2];
} avatar_models_manner;

/**
 * How avatars are prepared.
 */
typedef struct avatar_models_preparation {
    /**
     * The size of this structure, in bytes. Fields beyond it are taken to be zero.
     */
    uint32_t size;
    /**
     * The directory of imported weights.
     */
    const char *weights;
    /**
     * "auto", "cpu", "cuda" or "cuda:N"; null is "auto".
     */
    const char *device;
    /**
     * Threads that compute on the processor; 0 is one for each core.
     */
    uint32_t threads;
    /**
     * An `avatar_models_mode`.
     */
    uint32_t mode;
    /**
     * How far from the middle the left cheek begins, in pixels of 512 across the crop; 90 is usual. Mode jaw only.
     */
    uint32_t left_cheek;
    /**
     * The right cheek likewise.
     */
    uint32_t right_cheek;
    /**
     * How many pixels are added below the face; 10 is usual.
     */
    uint32_t extra_margin;
    /**
     * How many pixels the upper edge of the face moves with; 0 is usual.
     */
    int32_t bbox_shift;
} avatar_models_preparation;

/**
 * Told how an import goes: what is being read, and how many bytes of the whole are done. Returns 0 to go on, anything else to stop.
 */
typedef int32_t (*avatar_models_progress)(void *context, const char *step, uint64_t done, uint64_t total);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface this library has: AVATAR_MODELS_VERSION. To be called first, and safe to call whatever it is.
 */
uint32_t avatar_models_abi(void);

/**
 * What computes here, for people, such as "libtorch 2.11.0". The text lives as long as the library.
 */
const char *avatar_models_title(void);

/**
 * Loads networks and warms them, which may take minutes on a new device.
 *
 * On success `*networks` is theirs, to be closed with avatar_models_close.
 *
 * Requires: `options` and `networks` are valid; the texts in `options` end with a NUL.
 */
int32_t avatar_models_open(const struct avatar_models_options *options,
                           struct avatar_models_networks **networks,
                           char *message,
                           size_t capacity);

/**
 * Unloads networks. Their listeners and portraits must have been closed before.
 *
 * Requires: `networks` is null or from avatar_models_open, and is not used after.
 */
void avatar_models_close(struct avatar_models_networks *networks);

/**
 * Tells what has been loaded. `description->size` says how much room there is, and then how much was filled.
 *
 * Requires: `networks` is open; `description` is valid for as many bytes as it says.
 */
int32_t avatar_models_describe(const struct avatar_models_networks *networks,
                               struct avatar_models_description *description);

/**
 * Makes faces: of any portraits and sessions together, `count` of them, at most `max_batch`.
 *
 * One call at a time. Where AVATAR_MODELS_STATUS_MEMORY comes back, the same in smaller batches may succeed; after
 * AVATAR_MODELS_STATUS_DEVICE nothing will in this process.
 *
 * Requires: `networks` is open and the portraits are from it; each request's `tokens` and `face` are valid for what the description says, and no
 * two faces overlap.
 */
int32_t avatar_models_faces(struct avatar_models_networks *networks,
                            const struct avatar_models_request *requests,
                            size_t count,
                            char *message,
                            size_t capacity);

/**
 * Opens an ear for one session, whose pictures follow each other at `frame_rate` a second.
 *
 * On success `*listener` is the caller's, to be closed with avatar_models_listener_close.
 *
 * Requires: `networks` is open; `listener` is valid.
 */
int32_t avatar_models_listener_open(struct avatar_models_networks *networks,
                                    uint32_t frame_rate,
                                    struct avatar_models_listener **listener,
                                    char *message,
                                    size_t capacity);

/**
 * Closes an ear.
 *
 * Requires: `listener` is null or from avatar_models_listener_open, and is not used after.
 */
void avatar_models_listener_close(struct avatar_models_listener *listener);

/**
 * Hears `count` more samples and writes the tokens of the frames that have become known.
 *
 * Samples are mono, from -1 to 1, at the description's rate. Where `final` is not 0 the speech ends with them, and the tokens of all
 * the rest become known: as many frames as have begun. Frames come in order and none twice. Where `*frames` comes back as
 * `frames_capacity`, more may be ready: call again with `count` 0 and the same `final`. `pcm` may be null where `count` is 0.
 *
 * Requires: `listener` is open; `pcm` is valid for `count` floats, `tokens` for `frames_capacity` times what the description says; `frames` is
 * valid.
 */
int32_t avatar_models_listener_hear(struct avatar_models_listener *listener,
                                    const float *pcm,
                                    size_t count,
                                    uint32_t final,
                                    float *tokens,
                                    size_t frames_capacity,
                                    size_t *frames,
                                    char *message,
                                    size_t capacity);

/**
 * Loads an avatar's prepared latents: a file of safetensors with one tensor, `latents`. `*frames` is how many frames it has.
 *
 * On success `*portrait` is the caller's, to be closed with avatar_models_portrait_close.
 *
 * Requires: `networks` is open; `latents_file` ends with a NUL; `portrait` and `frames` are valid.
 */
int32_t avatar_models_portrait_open(struct avatar_models_networks *networks,
                                    const char *latents_file,
                                    struct avatar_models_portrait **portrait,
                                    size_t *frames,
                                    char *message,
                                    size_t capacity);

/**
 * Forgets an avatar.
 *
 * Requires: `portrait` is null or from avatar_models_portrait_open, and is not used after.
 */
void avatar_models_portrait_close(struct avatar_models_portrait *portrait);

/**
 * Loads the networks that make photos talk and runs them once, which may take minutes on a new device.
 *
 * On success `*talker` is the caller's, to be closed with avatar_models_talker_close. `max_batch` counts pictures here.
 *
 * Requires: `options` and `talker` are valid; the texts in `options` end with a NUL.
 */
int32_t avatar_models_talker_open(const struct avatar_models_options *options,
                                  struct avatar_models_talker **talker,
                                  char *message,
                                  size_t capacity);

/**
 * Unloads them. Their performances and photos must have been closed before.
 *
 * Requires: `talker` is null or from avatar_models_talker_open, and is not used after.
 */
void avatar_models_talker_close(struct avatar_models_talker *talker);

/**
 * Tells what has been loaded. `description->size` says how much room there is, and then how much was filled.
 *
 * Requires: `talker` is open; `description` is valid for as many bytes as it says.
 */
int32_t avatar_models_talker_describe(const struct avatar_models_talker *talker,
                                      struct avatar_models_talker_description *description);

/**
 * Draws pictures: of any photos and sessions together, `count` of them, at most `max_batch`.
 *
 * One call at a time. Where AVATAR_MODELS_STATUS_MEMORY comes back, the same in smaller batches may succeed; after
 * AVATAR_MODELS_STATUS_DEVICE nothing will in this process.
 *
 * Requires: `talker` is open and the photos are from it; each request's `motion` and `picture` are valid for what the description says, and no
 * two pictures overlap.
 */
int32_t avatar_models_pictures(struct avatar_models_talker *talker,
                               const struct avatar_models_picture_request *requests,
                               size_t count,
                               char *message,
                               size_t capacity);

/**
 * Looks at a photo of `height` rows of `width` pixels of red, green and blue, of which the part that `framing`, an avatar_models_framing,
 * says is drawn.
 *
 * On success `*photo` is the caller's, to be closed with avatar_models_photo_close. `*found` is 1 where a face was found, and then `*face`
 * is its box, which may leave the photo; else 0. `*crop` is the part that is drawn: whoever wants the whole photo to go on moving lays
 * pictures over it there. Each of the three may be null.
 *
 * Requires: `talker` is open; `rgb` is valid for the photo; `photo` is valid; `found`, `face` and `crop` are null or valid.
 */
int32_t avatar_models_photo_open(struct avatar_models_talker *talker,
                                 const uint8_t *rgb,
                                 uint32_t width,
                                 uint32_t height,
                                 uint32_t framing,
                                 struct avatar_models_photo **photo,
                                 uint32_t *found,
                                 struct avatar_models_box *face,
                                 struct avatar_models_box *crop,
                                 char *message,
                                 size_t capacity);

/**
 * Forgets a photo.
 *
 * Requires: `photo` is null or from avatar_models_photo_open, and is not used after.
 */
void avatar_models_photo_close(struct avatar_models_photo *photo);

/**
 * Begins a speech of one session, by whoever is on `photo`. `manner` may be null: then all of it is as the library likes.
 *
 * On success `*performance` is the caller's, to be closed with avatar_models_performance_close. The photo may be closed before it.
 *
 * Requires: `talker` is open and `photo` is from it; `manner` is null or valid for as many bytes as it says; `performance` is valid.
 */
int32_t avatar_models_performance_open(struct avatar_models_talker *talker,
                                       const struct avatar_models_photo *photo,
                                       const struct avatar_models_manner *manner,
                                       struct avatar_models_performance **performance,
                                       char *message,
                                       size_t capacity);

/**
 * Ends it.
 *
 * Requires: `performance` is null or from avatar_models_performance_open, and is not used after.
 */
void avatar_models_performance_close(struct avatar_models_performance *performance);

/**
 * Hears `count` more samples and writes the motion of the frames for which it has been made.
 *
 * Samples are mono, from -1 to 1, at the description's rate. Where `final` is not 0 the speech ends with them, and motion is made for all
 * the rest: as many frames as have begun. Frames come in order and none twice. Where `*frames` comes back as `frames_capacity`, more may
 * be ready: call again with `count` 0 and the same `final`. `pcm` may be null where `count` is 0.
 *
 * Requires: `performance` is open; `pcm` is valid for `count` floats, `motions` for `frames_capacity` times what the description says; `frames` is
 * valid.
 */
int32_t avatar_models_performance_hear(struct avatar_models_performance *performance,
                                       const float *pcm,
                                       size_t count,
                                       uint32_t final,
                                       float *motions,
                                       size_t frames_capacity,
                                       size_t *frames,
                                       char *message,
                                       size_t capacity);

/**
 * Loads the networks that prepare avatars.
 *
 * On success `*preparer` is the caller's, to be closed with avatar_models_preparer_close.
 *
 * Requires: `preparation` and `preparer` are valid; the texts in `preparation` end with a NUL.
 */
int32_t avatar_models_preparer_open(const struct avatar_models_preparation *preparation,
                                    struct avatar_models_preparer **preparer,
                                    char *message,
                                    size_t capacity);

/**
 * Unloads them.
 *
 * Requires: `preparer` is null or from avatar_models_preparer_open, and is not used after.
 */
void avatar_models_preparer_close(struct avatar_models_preparer *preparer);

/**
 * Looks for the face to animate in a picture of `height` rows of `width` pixels of red, green and blue.
 *
 * `*found` is 1 where there is one, and then `*face` is its box; else 0.
 *
 * Requires: `preparer` is open; `rgb` is valid for the picture; `found` and `face` are valid.
 */
int32_t avatar_models_preparer_find(struct avatar_models_preparer *preparer,
                                    const uint8_t *rgb,
                                    uint32_t width,
                                    uint32_t height,
                                    uint32_t *found,
                                    struct avatar_models_box *face,
                                    char *message,
                                    size_t capacity);

/**
 * Prepares one picture for a face at `face`.
 *
 * `*crop` is the square that the mask covers, no more than twice as wide as the longer side of the face; it may leave the picture. `mask`
 * gets its rows, one byte for each pixel: how much of the new face shows. `latents` gets 8 x 32 x 32 floats. Where
 * a capacity, in bytes and floats, is too small, the call fails with AVATAR_MODELS_STATUS_ARGUMENT.
 *
 * Requires: `preparer` is open; `rgb` is valid for the picture, `mask` and `latents` for their capacities; `face` and `crop` are valid.
 */
int32_t avatar_models_preparer_prepare(struct avatar_models_preparer *preparer,
                                       const uint8_t *rgb,
                                       uint32_t width,
                                       uint32_t height,
                                       const struct avatar_models_box *face,
                                       struct avatar_models_box *crop,
                                       uint8_t *mask,
                                       size_t mask_capacity,
                                       float *latents,
                                       size_t latents_capacity,
                                       char *message,
                                       size_t capacity);

/**
 * Reads the original weight files in the directory `source`, checks them and writes them to the directory `target`, which must not
 * exist yet or be empty. Nothing is left there by an import that fails.
 *
 * `progress` is called now and then on the calling thread, with `context`; it may be null.
 *
 * Requires: `source` and `target` end with a NUL; `progress` is null or may be called with `context`.
 */
int32_t avatar_models_import(const char *source,
                             const char *target,
                             avatar_models_progress progress,
                             void *context,
                             char *message,
                             size_t capacity);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* AVATAR_MODELS_H */
