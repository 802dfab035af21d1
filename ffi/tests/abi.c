/*
 * Uses the library as a C program would, right and wrong. Ends with 0 where everything is as the header says.
 *
 *     abi WEIGHTS ORIGINALS DETECTORS TALKER WORK
 *
 * WEIGHTS is a directory of imported weights with latents.safetensors (3 frames) in it, ORIGINALS one of original files, both of narrow
 * networks; DETECTORS has what preparation needs, made from names, and TALKER a narrow IMTalker that finds faces; in WORK there is no
 * "imported".
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avatar_models.h"

#define CHECK(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s: \"%s\"\n", __FILE__, __LINE__, #condition, message), exit(1)))
#define CHECK_FAILS(expected, call) \
    do { \
        int32_t status_; \
        memset(message, '?', sizeof message); \
        status_ = (call); \
        CHECK(status_ == AVATAR_MODELS_STATUS_##expected); \
        CHECK(memchr(message, 0, sizeof message) && message[0]); \
    } while (0)
#define CHECK_OK(call) CHECK((call) == AVATAR_MODELS_STATUS_OK)

static char message[256];

static char *join(const char *directory, const char *name) {
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

static avatar_models_options narrow(const char *weights) {
    avatar_models_options options = {sizeof options, weights, "cpu", AVATAR_MODELS_PRECISION_SINGLE, 1, 2};
    return options;
}

static void strangers(void) {
    CHECK(avatar_models_abi() == AVATAR_MODELS_VERSION);
    CHECK(!strncmp(avatar_models_title(), "libtorch 2.", 11));
}

static void nulls(void) {
    avatar_models_options options = narrow(NULL);
    avatar_models_preparation preparation = {sizeof preparation, NULL, NULL, 0, 0, 90, 90, 10, 0};
    avatar_models_networks *networks;
    avatar_models_preparer *preparer;
    avatar_models_listener *listener;
    avatar_models_portrait *portrait;
    avatar_models_talker *talker;
    avatar_models_photo *photo;
    avatar_models_performance *performance;
    size_t frames;

    CHECK_FAILS(ARGUMENT, avatar_models_open(NULL, &networks, message, sizeof message));
    CHECK(!networks && !strcmp(message, "options is null"));
    CHECK_FAILS(ARGUMENT, avatar_models_open(&options, &networks, message, sizeof message));
    CHECK(!strcmp(message, "weights is null"));
    CHECK_FAILS(ARGUMENT, avatar_models_open(&options, NULL, message, sizeof message));
    CHECK(avatar_models_describe(NULL, NULL) == AVATAR_MODELS_STATUS_ARGUMENT);
    CHECK_FAILS(ARGUMENT, avatar_models_faces(NULL, NULL, 1, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_listener_open(NULL, 25, &listener, message, sizeof message));
    CHECK(!listener);
    CHECK_FAILS(ARGUMENT, avatar_models_listener_hear(NULL, NULL, 0, 0, NULL, 0, &frames, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_portrait_open(NULL, "latents", &portrait, &frames, message, sizeof message));
    CHECK(!portrait);
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_find(NULL, NULL, 1, 1, NULL, NULL, message, sizeof message));
    CHECK_FAILS(ARGUMENT,
                avatar_models_preparer_prepare(NULL, NULL, 1, 1, NULL, NULL, NULL, 0, NULL, 0, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_import(NULL, "target", NULL, NULL, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_import("source", NULL, NULL, NULL, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_talker_open(&options, &talker, message, sizeof message));
    CHECK(!talker && !strcmp(message, "weights is null"));
    CHECK(avatar_models_talker_describe(NULL, NULL) == AVATAR_MODELS_STATUS_ARGUMENT);
    CHECK_FAILS(ARGUMENT, avatar_models_photo_open(NULL, NULL, 1, 1, 0, &photo, NULL, NULL, NULL, message, sizeof message));
    CHECK(!photo);
    CHECK_FAILS(ARGUMENT, avatar_models_performance_open(NULL, NULL, NULL, &performance, message, sizeof message));
    CHECK(!performance);
    CHECK_FAILS(ARGUMENT, avatar_models_performance_hear(NULL, NULL, 0, 0, NULL, 0, &frames, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_pictures(NULL, NULL, 1, message, sizeof message));
    avatar_models_talker_close(NULL);
    avatar_models_photo_close(NULL);
    avatar_models_performance_close(NULL);
    avatar_models_close(NULL);
    avatar_models_listener_close(NULL);
    avatar_models_portrait_close(NULL);
    avatar_models_preparer_close(NULL);
}

static void messages(void) {
    char small[8] = "???????";
    avatar_models_options options = narrow("/nowhere/\xc3\xa9/at/all");
    avatar_models_networks *networks;

    CHECK(avatar_models_open(&options, &networks, NULL, 0) == AVATAR_MODELS_STATUS_IO);
    CHECK(avatar_models_open(&options, &networks, NULL, 99) == AVATAR_MODELS_STATUS_IO);
    CHECK(avatar_models_open(&options, &networks, small, 0) == AVATAR_MODELS_STATUS_IO);
    CHECK(!strcmp(small, "???????"));
    CHECK(avatar_models_open(&options, &networks, small, 1) == AVATAR_MODELS_STATUS_IO);
    CHECK(!memcmp(small, "\0??????", 8));
    CHECK(avatar_models_open(&options, &networks, small, 6) == AVATAR_MODELS_STATUS_IO);
    CHECK(!memcmp(small, "/nowh\0?", 8));
    CHECK_FAILS(IO, avatar_models_open(&options, &networks, message, 12));
    /* A character is not cut in two. */
    CHECK(!strcmp(message, "/nowhere/\xc3\xa9"));
    CHECK_FAILS(IO, avatar_models_open(&options, &networks, message, 11));
    CHECK(!strcmp(message, "/nowhere/"));
}

static avatar_models_networks *opened(const char *weights) {
    avatar_models_options options = narrow(weights);
    avatar_models_networks *networks;

    options.device = "tpu";
    CHECK_FAILS(ARGUMENT, avatar_models_open(&options, &networks, message, sizeof message));
    CHECK(strstr(message, "tpu"));
    options = narrow(weights);
    options.precision = 9;
    CHECK_FAILS(ARGUMENT, avatar_models_open(&options, &networks, message, sizeof message));
    options.size = 3;
    CHECK_FAILS(ARGUMENT, avatar_models_open(&options, &networks, message, sizeof message));
    /* An older caller knows of nothing after the device. */
    options.size = offsetof(avatar_models_options, precision);
    CHECK_OK(avatar_models_open(&options, &networks, message, sizeof message));
    CHECK(networks);
    avatar_models_close(networks);

    options = narrow(weights);
    CHECK_OK(avatar_models_open(&options, &networks, message, sizeof message));
    return networks;
}

static avatar_models_description described(const avatar_models_networks *networks) {
    avatar_models_description description;

    memset(&description, 0x55, sizeof description);
    description.size = offsetof(avatar_models_description, sample_rate);
    CHECK_OK(avatar_models_describe(networks, &description));
    CHECK(description.size == offsetof(avatar_models_description, sample_rate));
    CHECK(description.face_side == 256 && description.tokens == 50 * 64 && description.sample_rate == 0x55555555);
    description.size = 1000;
    CHECK_OK(avatar_models_describe(networks, &description));
    CHECK(description.size == sizeof description);
    CHECK(description.sample_rate == 16000 && description.max_batch == 2);
    CHECK(description.lookahead_ms > 0 && description.lookahead_ms < 200);
    return description;
}

#define RATE 16000

static void *hear(void *context) {
    avatar_models_networks *networks = context;
    avatar_models_description description = described(networks);
    avatar_models_listener *listener;
    float *pcm = malloc(2 * RATE * sizeof *pcm), *tokens = malloc(50 * description.tokens * sizeof *tokens);
    size_t known = 0, frames = 0, heard, i;

    for (i = 0; i < 2 * RATE; i++) pcm[i] = 0.5f * sinf(0.17f * (float)i);
    CHECK_FAILS(ARGUMENT, avatar_models_listener_open(networks, 0, &listener, message, sizeof message));
    CHECK_OK(avatar_models_listener_open(networks, 25, &listener, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_listener_hear(listener, NULL, 9, 0, tokens, 1, &frames, message, sizeof message));
    CHECK_FAILS(ARGUMENT,
                avatar_models_listener_hear(listener, pcm, 9, 0, tokens, SIZE_MAX / 2, &frames, message, sizeof message));
    for (heard = 0; heard < 2 * RATE; heard += RATE / 2) {
        size_t count = RATE / 2;
        do {
            CHECK_OK(avatar_models_listener_hear(listener, pcm + heard, count, 0, tokens + known * description.tokens, 1, &frames,
                                                 message, sizeof message));
            known += frames;
            count = 0;
        } while (frames);
    }
    CHECK(known >= 50 - 25 * description.lookahead_ms / 1000 - 1 && known < 50);
    CHECK_OK(avatar_models_listener_hear(listener, NULL, 0, 1, tokens + known * description.tokens, 50 - known, &frames, message,
                                         sizeof message));
    CHECK(known + frames == 50);
    for (i = 0; i < 50 * description.tokens; i++) CHECK(isfinite(tokens[i]));
    avatar_models_listener_close(listener);
    free(pcm);
    return tokens;
}

static avatar_models_portrait *seen(avatar_models_networks *networks, const char *weights) {
    char *latents = join(weights, "latents.safetensors"), *others = join(weights, "vae.safetensors");
    avatar_models_portrait *portrait;
    size_t frames;

    CHECK_FAILS(IO, avatar_models_portrait_open(networks, "/nowhere", &portrait, &frames, message, sizeof message));
    CHECK_FAILS(WEIGHTS, avatar_models_portrait_open(networks, others, &portrait, &frames, message, sizeof message));
    CHECK(!portrait && strstr(message, "there is no tensor \"latents\", which must be [-1, 8, 32, 32]"));
    CHECK_FAILS(ARGUMENT, avatar_models_portrait_open(networks, latents, &portrait, NULL, message, sizeof message));
    CHECK_OK(avatar_models_portrait_open(networks, latents, &portrait, &frames, message, sizeof message));
    CHECK(frames == 3);
    free(latents);
    free(others);
    return portrait;
}

static void paint(avatar_models_networks *networks, const avatar_models_portrait *portrait, const float *tokens) {
    static uint8_t faces[3][256 * 256 * 3];
    avatar_models_request requests[3];
    size_t i;

    for (i = 0; i < 3; i++) {
        requests[i].portrait = portrait;
        requests[i].index = (uint32_t)i;
        requests[i].tokens = tokens;
        requests[i].face = faces[i];
    }
    CHECK_FAILS(ARGUMENT, avatar_models_faces(networks, requests, 3, message, sizeof message));
    CHECK_OK(avatar_models_faces(networks, requests, 0, message, sizeof message));
    CHECK_OK(avatar_models_faces(networks, requests, 2, message, sizeof message));
    CHECK(memcmp(faces[0], faces[1], sizeof faces[0]));
    requests[2].index = 0;
    CHECK_OK(avatar_models_faces(networks, requests + 2, 1, message, sizeof message));
    /* Alone or in company, a face is the same but for what sums in another order make of it. */
    for (i = 0; i < sizeof faces[0]; i++) CHECK(abs(faces[0][i] - faces[2][i]) <= 1);
    requests[0].index = 3;
    CHECK_FAILS(ARGUMENT, avatar_models_faces(networks, requests, 1, message, sizeof message));
    requests[0].index = 0;
    requests[0].face = NULL;
    CHECK_FAILS(ARGUMENT, avatar_models_faces(networks, requests, 1, message, sizeof message));
    CHECK(!strcmp(message, "face is null"));
    requests[0].face = faces[0];
    requests[0].portrait = NULL;
    CHECK_FAILS(ARGUMENT, avatar_models_faces(networks, requests, 1, message, sizeof message));
}

struct told {
    unsigned calls, most;
    uint64_t done, total;
};

static int32_t tell(void *context, const char *step, uint64_t done, uint64_t total) {
    struct told *told = context;
    CHECK(*step && done <= total);
    told->done = done;
    told->total = total;
    return ++told->calls > told->most;
}

static void import(const char *originals, const char *work) {
    char *target = join(work, "imported");
    struct told told = {0, 5, 0, 0};
    avatar_models_options options = narrow(target);
    avatar_models_networks *networks;

    CHECK_FAILS(IO, avatar_models_import("/nowhere", target, NULL, NULL, message, sizeof message));
    CHECK_FAILS(CANCELLED, avatar_models_import(originals, target, tell, &told, message, sizeof message));
    CHECK(told.calls == 6);
    told.most = 1000000;
    CHECK_OK(avatar_models_import(originals, target, tell, &told, message, sizeof message));
    CHECK(told.done == told.total && told.total > 1000000);
    CHECK_FAILS(ARGUMENT, avatar_models_import(originals, target, NULL, NULL, message, sizeof message));
    CHECK_OK(avatar_models_open(&options, &networks, message, sizeof message));
    avatar_models_close(networks);
    free(target);
}

static void noise(uint8_t *rgb, size_t count) {
    uint32_t state = 12345;
    for (; count; count--) {
        state = state * 1103515245 + 12345;
        *rgb++ = (uint8_t)(state >> 24);
    }
}

static void prepare(const char *weights, const char *detectors) {
    static uint8_t rgb[160 * 120 * 3], mask[160 * 160];
    static float latents[8 * 32 * 32];
    avatar_models_preparation preparation = {sizeof preparation, weights, "cpu", 1, AVATAR_MODELS_MODE_NECK, 90, 90, 10, 0};
    avatar_models_box face = {40, 30, 100, 110}, crop, none = {0, 0, 0, 0}, outside = {100, 30, 161, 110};
    avatar_models_preparer *preparer;
    uint32_t found;
    size_t i, shown = 0;

    /* The first directory is a server's only. */
    CHECK_FAILS(IO, avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));
    CHECK(!preparer && strstr(message, "s3fd.safetensors"));
    preparation.weights = detectors;
    preparation.mode = 7;
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));
    preparation.mode = AVATAR_MODELS_MODE_NECK;
    CHECK_OK(avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));

    /* These weights see a face in noise, and none in the dark. */
    CHECK_OK(avatar_models_preparer_find(preparer, rgb, 32, 32, &found, &crop, message, sizeof message));
    CHECK(!found);
    noise(rgb, 32 * 32 * 3);
    CHECK_OK(avatar_models_preparer_find(preparer, rgb, 32, 32, &found, &crop, message, sizeof message));
    CHECK(found == 1 && crop.x0 >= 0 && crop.x0 < crop.x1 && crop.x1 <= 32 && crop.y0 < crop.y1);
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_find(preparer, NULL, 32, 32, &found, &crop, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_find(preparer, rgb, 0, 32, &found, &crop, message, sizeof message));
    CHECK_FAILS(ARGUMENT,
                avatar_models_preparer_find(preparer, rgb, UINT32_MAX, UINT32_MAX, &found, &crop, message, sizeof message));

    noise(rgb, sizeof rgb);
#define PREPARE(face, mask_capacity, latents_capacity) \
    avatar_models_preparer_prepare(preparer, rgb, 160, 120, face, &crop, mask, mask_capacity, latents, latents_capacity, message, \
                                   sizeof message)
    CHECK_FAILS(ARGUMENT, PREPARE(&none, sizeof mask, 8 * 32 * 32));
    CHECK_FAILS(ARGUMENT, PREPARE(&outside, sizeof mask, 8 * 32 * 32));
    CHECK_FAILS(ARGUMENT, PREPARE(&face, 120 * 120 - 1, 8 * 32 * 32));
    CHECK(!strcmp(message, "there is room for 14399 elements of mask, which are 14400"));
    CHECK_FAILS(ARGUMENT, PREPARE(&face, sizeof mask, 8 * 32 * 32 - 1));
    mask[120 * 120] = 77;
    CHECK_OK(PREPARE(&face, 120 * 120, 8 * 32 * 32));
    CHECK(crop.x0 == 10 && crop.y0 == 10 && crop.x1 == 130 && crop.y1 == 130);
    for (i = 0; i < 120 * 120; i++) shown += mask[i] > 0;
    CHECK(shown > 0 && mask[0] == 0 && mask[120 * 120] == 77);
    for (i = 0; i < 8 * 32 * 32; i++) CHECK(isfinite(latents[i]));
    avatar_models_preparer_close(preparer);
}

static avatar_models_photo *looked(avatar_models_talker *talker) {
    static uint8_t rgb[160 * 120 * 3];
    avatar_models_box face = {0, 0, 0, 0}, crop;
    avatar_models_photo *photo;
    uint32_t found = 7;

    noise(rgb, sizeof rgb);
    CHECK_FAILS(ARGUMENT, avatar_models_photo_open(talker, rgb, 160, 120, 7, &photo, NULL, NULL, NULL, message, sizeof message));
    CHECK_FAILS(ARGUMENT, avatar_models_photo_open(talker, NULL, 160, 120, 0, &photo, NULL, NULL, NULL, message, sizeof message));
    CHECK_OK(avatar_models_photo_open(talker, rgb, 160, 120, AVATAR_MODELS_FRAMING_FACE, &photo, &found, &face, &crop, message,
                                      sizeof message));
    /* These weights see a face in noise. */
    CHECK(found == 1 && face.x0 < face.x1 && face.y0 < face.y1);
    CHECK(crop.x0 >= 0 && crop.y0 >= 0 && crop.x1 <= 160 && crop.y1 <= 120 && crop.x1 - crop.x0 == crop.y1 - crop.y0);
    avatar_models_photo_close(photo);
    CHECK_OK(avatar_models_photo_open(talker, rgb, 160, 120, AVATAR_MODELS_FRAMING_WHOLE, &photo, &found, NULL, &crop, message,
                                      sizeof message));
    CHECK(!found && crop.x0 == 0 && crop.y0 == 0 && crop.x1 == 160 && crop.y1 == 120);
    return photo;
}

static float *performed(avatar_models_talker *talker, const avatar_models_photo *photo, uint64_t seed, size_t motion) {
    avatar_models_manner manner = {sizeof manner, 4, seed, 1.5f, 0.0f, 0, 1, {0.1f, 0.0f, 0.0f}, 1, {0.0f, 0.1f}};
    avatar_models_performance *performance;
    float *pcm = malloc(2 * RATE * sizeof *pcm), *motions = malloc(50 * motion * sizeof *motions);
    size_t known = 0, frames = 0, heard, i;

    for (i = 0; i < 2 * RATE; i++) pcm[i] = 0.5f * sinf(0.17f * (float)i);
    manner.calm = 2.0f;
    CHECK_FAILS(ARGUMENT, avatar_models_performance_open(talker, photo, &manner, &performance, message, sizeof message));
    CHECK(!performance && strstr(message, "calm"));
    manner.calm = 0.0f;
    CHECK_OK(avatar_models_performance_open(talker, photo, &manner, &performance, message, sizeof message));
    CHECK_FAILS(ARGUMENT,
                avatar_models_performance_hear(performance, NULL, 9, 0, motions, 1, &frames, message, sizeof message));
    for (heard = 0; heard < 2 * RATE; heard += RATE / 2) {
        size_t count = RATE / 2;
        do {
            CHECK_OK(avatar_models_performance_hear(performance, pcm + heard, count, 0, motions + known * motion, 3, &frames, message,
                                                    sizeof message));
            known += frames;
            count = 0;
        } while (frames);
    }
    CHECK(known > 30 && known < 50);
    CHECK_OK(avatar_models_performance_hear(performance, NULL, 0, 1, motions + known * motion, 50 - known, &frames, message,
                                            sizeof message));
    CHECK(known + frames == 50);
    for (i = 0; i < 50 * motion; i++) CHECK(isfinite(motions[i]));
    avatar_models_performance_close(performance);
    free(pcm);
    return motions;
}

static void talk(const char *weights, const char *directory) {
    static uint8_t pictures[2][128 * 128 * 3];
    avatar_models_options options = narrow(weights);
    avatar_models_talker_description description;
    avatar_models_picture_request requests[3];
    avatar_models_talker *talker;
    avatar_models_photo *photo;
    avatar_models_performance *performance;
    float *motions, *again, *others;
    size_t i;

    /* The first directory is of the other model. */
    CHECK_FAILS(IO, avatar_models_talker_open(&options, &talker, message, sizeof message));
    CHECK(!talker && strstr(message, "renderer.json"));
    options = narrow(directory);
    CHECK_OK(avatar_models_talker_open(&options, &talker, message, sizeof message));
    memset(&description, 0x55, sizeof description);
    description.size = offsetof(avatar_models_talker_description, motion);
    CHECK_OK(avatar_models_talker_describe(talker, &description));
    CHECK(description.side == 128 && description.motion == 0x55555555);
    description.size = sizeof description;
    CHECK_OK(avatar_models_talker_describe(talker, &description));
    CHECK(description.version == 2 && description.motion == 32 && description.sample_rate == RATE && description.frame_rate == 25);
    CHECK(description.max_batch == 2 && description.window == 50 && description.lookahead_ms < 200 && description.finds_faces == 1);

    photo = looked(talker);
    motions = performed(talker, photo, 42, 32);
    again = performed(talker, photo, 42, 32);
    others = performed(talker, photo, 43, 32);
    CHECK(!memcmp(motions, again, 50 * 32 * sizeof *motions));
    CHECK(memcmp(motions, others, 50 * 32 * sizeof *motions));

    for (i = 0; i < 3; i++) {
        requests[i].photo = photo;
        requests[i].motion = i ? others : motions;
        requests[i].picture = pictures[i & 1];
    }
    CHECK_FAILS(ARGUMENT, avatar_models_pictures(talker, requests, 3, message, sizeof message));
    CHECK_OK(avatar_models_pictures(talker, requests, 0, message, sizeof message));
    CHECK_OK(avatar_models_pictures(talker, requests, 2, message, sizeof message));
    CHECK(memcmp(pictures[0], pictures[1], sizeof pictures[0]));
    requests[0].motion = NULL;
    CHECK_FAILS(ARGUMENT, avatar_models_pictures(talker, requests, 1, message, sizeof message));
    CHECK(!strcmp(message, "motion is null"));

    /* A photo may go before who speaks. */
    CHECK_OK(avatar_models_performance_open(talker, photo, NULL, &performance, message, sizeof message));
    avatar_models_photo_close(photo);
    CHECK_OK(avatar_models_performance_hear(performance, NULL, 0, 1, motions, 1, &i, message, sizeof message));
    CHECK(i == 0);
    avatar_models_performance_close(performance);
    avatar_models_talker_close(talker);
    free(motions);
    free(again);
    free(others);
}

int main(int count, char **arguments) {
    avatar_models_networks *networks;
    avatar_models_portrait *portrait;
    pthread_t thread;
    void *tokens, *others;

    CHECK(count == 6);
    strangers();
    nulls();
    messages();
    networks = opened(arguments[1]);
    portrait = seen(networks, arguments[1]);
    tokens = hear(networks);
    /* The same networks hear and paint at once. */
    CHECK(!pthread_create(&thread, NULL, hear, networks));
    paint(networks, portrait, tokens);
    CHECK(!pthread_join(thread, &others));
    avatar_models_portrait_close(portrait);
    avatar_models_close(networks);
    free(tokens);
    free(others);
    import(arguments[2], arguments[5]);
    prepare(arguments[1], arguments[3]);
    talk(arguments[1], arguments[4]);
    puts("as the header says");
    return 0;
}
