/*
 * A library of "neural networks" for tests, which computes next to nothing and whose faces can be told apart.
 *
 *     cc -shared -fPIC -I ffi/include -o libbackend.so core/neural/tests/backend.c -lm
 *
 * Tokens: TOKENS floats for each frame, all of them its loudness: the root mean square of its own samples, times four, at most 1.
 * They are known LOOKAHEAD_MS after the frame's beginning.
 *
 * Latents: a file whose first line begins with the number of frames; any other file, such as safetensors, has FRAMES of them.
 *
 * Faces: one colour all over: red 64 + 8 * (index % 16), green 96 + 128 * the mean of the tokens, blue 200. The mouth is a black bar
 * of the middle half of the columns that begins at row 176 and is 64 * the mean of the tokens rows high.
 *
 * Photos: there is a face in the middle half of every photo, unless its first pixel is black. The crop is the whole photo, or the largest
 * square at its corner where a face is wanted.
 *
 * Performances: MOTION floats for each frame of 40 ms: its loudness as above, the pose (3), the gaze (2), the seed modulo 1000, the
 * guidance. They are made LOOKAHEAD_MS (80 here) after the frame's end.
 *
 * Pictures: one colour all over: red that of the photo's first pixel, green 96 + 128 * the loudness, blue 100 + 100 * the pitch. The mouth is
 * a black bar of the middle half of the columns that begins at row 352 and is 128 * the loudness rows high.
 *
 * Preparation: there is a face in the middle half of every picture, unless its first pixel is black. The mask is white in the face,
 * and latents are the picture's first byte over 255.
 *
 * Import: makes the target with a manifest.json in it, in four steps. A source that is not there is AVATAR_MODELS_STATUS_IO.
 *
 * What goes wrong is said in the name of the directory of weights (its last component), and, where it is a directory with a file called
 * "backend.txt", in that file, which is read again at every call. Words, separated by commas or white space:
 *
 *     open=STATUS listener=STATUS hear=STATUS portrait=STATUS faces=STATUS preparer=STATUS import=STATUS
 *     talker=STATUS photo=STATUS performance=STATUS perform=STATUS pictures=STATUS
 *                     that call fails; STATUS is argument, weights, memory, device, io, cancelled, internal or a number
 *     above=N         faces (and pictures) only fails where more than N are asked for at once
 *     after=N         faces (and pictures) only fails when N have been made before, by these networks
 *     slow=MS         each face or picture takes that many milliseconds
 *     batch=N         at most N at once; 16 else
 *     lookahead=MS    100 else; no less than a frame
 *     log             calls append a line to "calls.txt" in the directory of weights: "open", "close", "listener", "portrait FILE",
 *                     "faces COUNT", "talker", "talker closed", "photo WIDTH HEIGHT FRAMING", "performance" or "pictures COUNT"
 *
 * ABI, WITHOUT_FACES and SMALL make libraries that must be refused, WITHOUT_TALKER one from before there were talkers.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "avatar_models.h"

#define SIDE 256
#define TOKENS 8
#define PICTURE 512
#define MOTION 8
#define RATE 16000
#define FRAMES 50
#define LATENTS (8 * 32 * 32)

#ifndef ABI
#define ABI AVATAR_MODELS_VERSION
#endif

struct avatar_models_networks {
    char weights[4096];
    uint32_t max_batch;
    uint64_t made;
};

struct avatar_models_listener {
    avatar_models_networks *networks;
    uint32_t frame_rate;
    float *pcm;
    size_t count;
    size_t next;
};

struct avatar_models_portrait {
    size_t frames;
};

struct avatar_models_talker {
    char weights[4096];
    uint32_t max_batch;
    uint64_t made;
};

struct avatar_models_photo {
    uint8_t red;
};

struct avatar_models_performance {
    avatar_models_talker *talker;
    avatar_models_manner manner;
    float *pcm;
    size_t count;
    size_t next;
};

struct avatar_models_preparer {
    char weights[4096];
};

static int32_t fail(int32_t status, char *message, size_t capacity, const char *format, ...) {
    va_list arguments;
    if (message && capacity) {
        va_start(arguments, format);
        vsnprintf(message, capacity, format, arguments);
        va_end(arguments);
    }
    return status;
}

/* All words for these weights, separated by spaces. */
static void words(const char *weights, char *text, size_t capacity) {
    char path[4200];
    const char *name = strrchr(weights, '/');
    FILE *file;
    size_t length;
    snprintf(text, capacity - 2, "%s ", name ? name + 1 : weights);
    length = strlen(text);
    snprintf(path, sizeof path, "%s/backend.txt", weights);
    file = fopen(path, "r");
    if (file) {
        length += fread(text + length, 1, capacity - length - 1, file);
        fclose(file);
    }
    text[length] = 0;
    for (; *text; text++)
        if (strchr(",\t\n\r", *text)) *text = ' ';
}

/* What stands after `name=`, or null; the rest of the text after it. Words stand for themselves. */
static const char *word(const char *weights, const char *name, char *text, size_t capacity) {
    size_t length = strlen(name);
    char *state, *each;
    words(weights, text, capacity);
    for (each = strtok_r(text, " ", &state); each; each = strtok_r(NULL, " ", &state))
        if (!strncmp(each, name, length)) {
            if (each[length] == '=') return each + length + 1;
            if (!each[length]) return each + length;
        }
    return NULL;
}

static uint32_t number(const char *weights, const char *name, uint32_t otherwise) {
    char text[8192];
    const char *value = word(weights, name, text, sizeof text);
    return value ? (uint32_t)strtoul(value, NULL, 10) : otherwise;
}

static int32_t failure(const char *weights, const char *name) {
    static const char *names[] = {"ok", "argument", "weights", "memory", "device", "io", "cancelled", "internal"};
    char text[8192];
    const char *value = word(weights, name, text, sizeof text);
    int32_t status;
    if (!value) return AVATAR_MODELS_STATUS_OK;
    for (status = 0; status < 8; status++)
        if (!strcmp(value, names[status])) return status;
    return (int32_t)strtol(value, NULL, 10);
}

static void note(const char *weights, const char *format, ...) {
    char path[4200], text[8192];
    FILE *file;
    va_list arguments;
    if (!word(weights, "log", text, sizeof text)) return;
    snprintf(path, sizeof path, "%s/calls.txt", weights);
    file = fopen(path, "a");
    if (!file) return;
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fclose(file);
}

uint32_t avatar_models_abi(void) {
    return ABI;
}

const char *avatar_models_title(void) {
    return "backend for tests";
}

int32_t avatar_models_open(const avatar_models_options *options, avatar_models_networks **networks, char *message, size_t capacity) {
    int32_t status = failure(options->weights, "open");
    *networks = NULL;
    if (options->size < sizeof *options) return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "options are too small");
    if (status)
        return fail(status, message, capacity,
                    "unet.safetensors: there is no tensor \"conv_in.weight\", which must be [320, 8, 3, 3]");
    *networks = calloc(1, sizeof **networks);
    if (!*networks) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    snprintf((*networks)->weights, sizeof(*networks)->weights, "%s", options->weights);
    (*networks)->max_batch = number(options->weights, "batch", options->max_batch ? options->max_batch : 16);
    note(options->weights, "open\n");
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_close(avatar_models_networks *networks) {
    if (networks) note(networks->weights, "close\n");
    free(networks);
}

int32_t avatar_models_describe(const avatar_models_networks *networks, avatar_models_description *description) {
    avatar_models_description is = {sizeof is, SIDE, TOKENS, RATE, 0, 0};
    is.max_batch = networks->max_batch;
    is.lookahead_ms = number(networks->weights, "lookahead", 100);
#ifdef SMALL
    is.size = offsetof(avatar_models_description, lookahead_ms);
#endif
    memcpy(description, &is, is.size < description->size ? is.size : description->size);
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_listener_open(avatar_models_networks *networks, uint32_t frame_rate, avatar_models_listener **listener,
                                    char *message, size_t capacity) {
    int32_t status = failure(networks->weights, "listener");
    *listener = NULL;
    if (status) return fail(status, message, capacity, "no listener, as the test wishes");
    if (!frame_rate) return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "no frames a second");
    *listener = calloc(1, sizeof **listener);
    if (!*listener) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    (*listener)->networks = networks;
    (*listener)->frame_rate = frame_rate;
    note(networks->weights, "listener\n");
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_listener_close(avatar_models_listener *listener) {
    if (listener) free(listener->pcm);
    free(listener);
}

int32_t avatar_models_listener_hear(avatar_models_listener *listener, const float *pcm, size_t count, uint32_t final, float *tokens,
                                    size_t frames_capacity, size_t *frames, char *message, size_t capacity) {
    int32_t status = failure(listener->networks->weights, "hear");
    size_t lookahead = (size_t)number(listener->networks->weights, "lookahead", 100) * RATE / 1000, begin, end, i;
    double sum;
    float *grown;
    *frames = 0;
    if (status) return fail(status, message, capacity, "hears nothing, as the test wishes");
    if (count) {
        grown = realloc(listener->pcm, (listener->count + count) * sizeof *grown);
        if (!grown) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
        memcpy(grown + listener->count, pcm, count * sizeof *grown);
        listener->pcm = grown;
        listener->count += count;
    }
    while (*frames < frames_capacity) {
        begin = listener->next * RATE / listener->frame_rate;
        end = (listener->next + 1) * RATE / listener->frame_rate;
        if (final ? begin >= listener->count : begin + lookahead > listener->count || end > listener->count) break;
        if (end > listener->count) end = listener->count;
        for (sum = 0, i = begin; i < end; i++) sum += (double)listener->pcm[i] * listener->pcm[i];
        sum = fmin(4 * sqrt(sum / (double)(end - begin)), 1);
        for (i = 0; i < TOKENS; i++) tokens[*frames * TOKENS + i] = (float)sum;
        listener->next++;
        ++*frames;
    }
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_portrait_open(avatar_models_networks *networks, const char *latents_file, avatar_models_portrait **portrait,
                                    size_t *frames, char *message, size_t capacity) {
    int32_t status = failure(networks->weights, "portrait");
    unsigned long long count;
    FILE *file;
    *portrait = NULL;
    if (status) return fail(status, message, capacity, "%s: no portrait, as the test wishes", latents_file);
    file = fopen(latents_file, "rb");
    if (!file) return fail(AVATAR_MODELS_STATUS_IO, message, capacity, "%s cannot be opened", latents_file);
    if (fscanf(file, "%4llu", &count) != 1 || !count) count = FRAMES;
    fclose(file);
    *portrait = calloc(1, sizeof **portrait);
    if (!*portrait) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    (*portrait)->frames = *frames = (size_t)count;
    note(networks->weights, "portrait %s\n", latents_file);
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_portrait_close(avatar_models_portrait *portrait) {
    free(portrait);
}

#ifndef WITHOUT_FACES
static void draw(uint8_t *face, uint32_t index, float loudness) {
    size_t mouth = (size_t)(64 * loudness), row, column;
    for (row = 0; row < SIDE; row++)
        for (column = 0; column < SIDE; column++, face += 3) {
            int black = row >= 176 && row < 176 + mouth && column >= SIDE / 4 && column < SIDE * 3 / 4;
            face[0] = black ? 0 : (uint8_t)(64 + 8 * (index % 16));
            face[1] = black ? 0 : (uint8_t)(96 + 128 * loudness);
            face[2] = black ? 0 : 200;
        }
}

int32_t avatar_models_faces(avatar_models_networks *networks, const avatar_models_request *requests, size_t count, char *message,
                            size_t capacity) {
    int32_t status = failure(networks->weights, "faces");
    uint64_t wait = (uint64_t)number(networks->weights, "slow", 0) * 1000000 * count;
    struct timespec nap;
    size_t each, i;
    float mean;
    note(networks->weights, "faces %zu\n", count);
    if (count > networks->max_batch) return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "%zu faces are too many", count);
    if (status && count > number(networks->weights, "above", 0) && networks->made >= number(networks->weights, "after", 0))
        return fail(status, message, capacity, "no %zu faces, as the test wishes", count);
    for (each = 0; each < count; each++) {
        if (requests[each].index >= requests[each].portrait->frames)
            return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "there is no frame %u", (unsigned)requests[each].index);
        for (mean = 0, i = 0; i < TOKENS; i++) mean += requests[each].tokens[i] / TOKENS;
        draw(requests[each].face, requests[each].index, fminf(fmaxf(mean, 0), 1));
    }
    networks->made += count;
    nap.tv_sec = (time_t)(wait / 1000000000);
    nap.tv_nsec = (long)(wait % 1000000000);
    nanosleep(&nap, NULL);
    return AVATAR_MODELS_STATUS_OK;
}
#endif

#ifndef WITHOUT_TALKER
int32_t avatar_models_talker_open(const avatar_models_options *options, avatar_models_talker **talker, char *message, size_t capacity) {
    int32_t status = failure(options->weights, "talker");
    *talker = NULL;
    if (status) return fail(status, message, capacity, "renderer.safetensors: no talker, as the test wishes");
    *talker = calloc(1, sizeof **talker);
    if (!*talker) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    snprintf((*talker)->weights, sizeof(*talker)->weights, "%s", options->weights);
    (*talker)->max_batch = number(options->weights, "batch", options->max_batch ? options->max_batch : 16);
    note(options->weights, "talker\n");
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_talker_close(avatar_models_talker *talker) {
    if (talker) note(talker->weights, "talker closed\n");
    free(talker);
}

int32_t avatar_models_talker_describe(const avatar_models_talker *talker, avatar_models_talker_description *description) {
    avatar_models_talker_description is = {sizeof is, 2, PICTURE, MOTION, RATE, 25, 0, 50, 0, 1};
    is.max_batch = talker->max_batch;
    is.lookahead_ms = number(talker->weights, "lookahead", 80);
    memcpy(description, &is, is.size < description->size ? is.size : description->size);
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_photo_open(avatar_models_talker *talker, const uint8_t *rgb, uint32_t width, uint32_t height, uint32_t framing,
                                 avatar_models_photo **photo, uint32_t *found, avatar_models_box *face, avatar_models_box *crop,
                                 char *message, size_t capacity) {
    int32_t status = failure(talker->weights, "photo"), wide = (int32_t)width, high = (int32_t)height;
    avatar_models_box middle = {wide / 4, high / 4, wide - wide / 4, high - high / 4}, all = {0, 0, wide, high};
    *photo = NULL;
    if (status) return fail(status, message, capacity, "no photo, as the test wishes");
    *photo = calloc(1, sizeof **photo);
    if (!*photo) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    (*photo)->red = rgb[0];
    if (framing == AVATAR_MODELS_FRAMING_FACE) all.x1 = all.y1 = wide < high ? wide : high;
    if (found) *found = framing == AVATAR_MODELS_FRAMING_FACE && (rgb[0] || rgb[1] || rgb[2]);
    if (face) *face = middle;
    if (crop) *crop = all;
    note(talker->weights, "photo %u %u %u\n", (unsigned)width, (unsigned)height, (unsigned)framing);
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_photo_close(avatar_models_photo *photo) {
    free(photo);
}

int32_t avatar_models_performance_open(avatar_models_talker *talker, const avatar_models_photo *photo,
                                       const avatar_models_manner *manner, avatar_models_performance **performance, char *message,
                                       size_t capacity) {
    int32_t status = failure(talker->weights, "performance");
    (void)photo;
    *performance = NULL;
    if (status) return fail(status, message, capacity, "no performance, as the test wishes");
    if (manner && manner->moments == 1) return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "one moment is too few");
    *performance = calloc(1, sizeof **performance);
    if (!*performance) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    (*performance)->talker = talker;
    if (manner) (*performance)->manner = *manner;
    note(talker->weights, "performance\n");
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_performance_close(avatar_models_performance *performance) {
    if (performance) free(performance->pcm);
    free(performance);
}

int32_t avatar_models_performance_hear(avatar_models_performance *performance, const float *pcm, size_t count, uint32_t final,
                                       float *motions, size_t frames_capacity, size_t *frames, char *message, size_t capacity) {
    const avatar_models_manner *manner = &performance->manner;
    int32_t status = failure(performance->talker->weights, "perform");
    size_t lookahead = (size_t)number(performance->talker->weights, "lookahead", 80) * RATE / 1000, begin, end, i;
    double sum;
    float *grown, *motion;
    *frames = 0;
    if (status) return fail(status, message, capacity, "performs nothing, as the test wishes");
    if (count) {
        grown = realloc(performance->pcm, (performance->count + count) * sizeof *grown);
        if (!grown) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
        memcpy(grown + performance->count, pcm, count * sizeof *grown);
        performance->pcm = grown;
        performance->count += count;
    }
    while (*frames < frames_capacity) {
        begin = performance->next * (RATE / 25);
        end = begin + RATE / 25;
        if (final ? begin >= performance->count : end + lookahead > performance->count) break;
        if (end > performance->count) end = performance->count;
        for (sum = 0, i = begin; i < end; i++) sum += (double)performance->pcm[i] * performance->pcm[i];
        motion = motions + *frames * MOTION;
        memset(motion, 0, MOTION * sizeof *motion);
        motion[0] = (float)fmin(4 * sqrt(sum / (double)(end - begin)), 1);
        for (i = 0; i < 3 && manner->has_pose; i++) motion[1 + i] = manner->pose[i];
        for (i = 0; i < 2 && manner->has_gaze; i++) motion[4 + i] = manner->gaze[i];
        motion[6] = (float)(manner->seed % 1000);
        motion[7] = manner->guidance;
        performance->next++;
        ++*frames;
    }
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_pictures(avatar_models_talker *talker, const avatar_models_picture_request *requests, size_t count, char *message,
                               size_t capacity) {
    int32_t status = failure(talker->weights, "pictures");
    uint64_t wait = (uint64_t)number(talker->weights, "slow", 0) * 1000000 * count;
    struct timespec nap;
    size_t each, row, column, mouth;
    uint8_t *picture;
    float loudness, pitch;
    note(talker->weights, "pictures %zu\n", count);
    if (count > talker->max_batch) return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "%zu pictures are too many", count);
    if (status && count > number(talker->weights, "above", 0) && talker->made >= number(talker->weights, "after", 0))
        return fail(status, message, capacity, "no %zu pictures, as the test wishes", count);
    for (each = 0; each < count; each++) {
        picture = requests[each].picture;
        loudness = fminf(fmaxf(requests[each].motion[0], 0), 1);
        pitch = fminf(fmaxf(requests[each].motion[1], -1), 1);
        mouth = (size_t)(128 * loudness);
        for (row = 0; row < PICTURE; row++)
            for (column = 0; column < PICTURE; column++, picture += 3) {
                int black = row >= 352 && row < 352 + mouth && column >= PICTURE / 4 && column < PICTURE * 3 / 4;
                picture[0] = black ? 0 : requests[each].photo->red;
                picture[1] = black ? 0 : (uint8_t)(96 + 128 * loudness);
                picture[2] = black ? 0 : (uint8_t)(100 + 100 * pitch);
            }
    }
    talker->made += count;
    nap.tv_sec = (time_t)(wait / 1000000000);
    nap.tv_nsec = (long)(wait % 1000000000);
    nanosleep(&nap, NULL);
    return AVATAR_MODELS_STATUS_OK;
}
#endif

int32_t avatar_models_preparer_open(const avatar_models_preparation *preparation, avatar_models_preparer **preparer, char *message,
                                    size_t capacity) {
    int32_t status = failure(preparation->weights, "preparer");
    *preparer = NULL;
    if (status) return fail(status, message, capacity, "no preparer, as the test wishes");
    *preparer = calloc(1, sizeof **preparer);
    if (!*preparer) return fail(AVATAR_MODELS_STATUS_MEMORY, message, capacity, "no memory");
    snprintf((*preparer)->weights, sizeof(*preparer)->weights, "%s", preparation->weights);
    return AVATAR_MODELS_STATUS_OK;
}

void avatar_models_preparer_close(avatar_models_preparer *preparer) {
    free(preparer);
}

int32_t avatar_models_preparer_find(avatar_models_preparer *preparer, const uint8_t *rgb, uint32_t width, uint32_t height,
                                    uint32_t *found, avatar_models_box *face, char *message, size_t capacity) {
    (void)preparer, (void)message, (void)capacity;
    *found = rgb[0] || rgb[1] || rgb[2];
    face->x0 = (int32_t)(width / 4);
    face->y0 = (int32_t)(height / 4);
    face->x1 = (int32_t)(width - width / 4);
    face->y1 = (int32_t)(height - height / 4);
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_preparer_prepare(avatar_models_preparer *preparer, const uint8_t *rgb, uint32_t width, uint32_t height,
                                       const avatar_models_box *face, avatar_models_box *crop, uint8_t *mask, size_t mask_capacity,
                                       float *latents, size_t latents_capacity, char *message, size_t capacity) {
    int32_t wide = face->x1 - face->x0, high = face->y1 - face->y0;
    int32_t half = (wide > high ? wide : high) * 3 / 4, x, y;
    size_t i;
    (void)preparer, (void)width, (void)height;
    crop->x0 = (face->x0 + face->x1) / 2 - half;
    crop->y0 = (face->y0 + face->y1) / 2 - half;
    crop->x1 = crop->x0 + 2 * half;
    crop->y1 = crop->y0 + 2 * half;
    if (mask_capacity < (size_t)(4 * half * half) || latents_capacity < LATENTS)
        return fail(AVATAR_MODELS_STATUS_ARGUMENT, message, capacity, "there is too little room");
    for (y = crop->y0; y < crop->y1; y++)
        for (x = crop->x0; x < crop->x1; x++)
            *mask++ = x >= face->x0 && x < face->x1 && y >= face->y0 && y < face->y1 ? 255 : 0;
    for (i = 0; i < LATENTS; i++) latents[i] = (float)rgb[0] / 255;
    return AVATAR_MODELS_STATUS_OK;
}

int32_t avatar_models_import(const char *source, const char *target, avatar_models_progress progress, void *context, char *message,
                             size_t capacity) {
    int32_t status = failure(source, "import");
    struct stat is;
    char path[4200];
    FILE *file;
    uint64_t step;
    if (stat(source, &is)) return fail(AVATAR_MODELS_STATUS_IO, message, capacity, "%s is not there", source);
    if (status) return fail(status, message, capacity, "no import, as the test wishes");
    for (step = 0; progress && step <= 4; step++)
        if (progress(context, "unet.pth", step, 4)) return fail(AVATAR_MODELS_STATUS_CANCELLED, message, capacity, "stopped");
    if (mkdir(target, 0777)) return fail(AVATAR_MODELS_STATUS_IO, message, capacity, "%s cannot be made", target);
    snprintf(path, sizeof path, "%s/manifest.json", target);
    file = fopen(path, "w");
    if (!file) return fail(AVATAR_MODELS_STATUS_IO, message, capacity, "%s cannot be written", path);
    fputs("{\"format\":1,\"model\":\"musetalk-1.5\",\"files\":{}}\n", file);
    fclose(file);
    return AVATAR_MODELS_STATUS_OK;
}
