/*
 * Uses the library as a C program would, right and wrong. Ends with 0 where everything is as the header says.
 *
 *     abi WEIGHTS ORIGINALS WORK
 *
 * WEIGHTS is a directory of imported weights with latents.safetensors (3 frames) in it, ORIGINALS one of original files, WORK an empty
 * one. Weights and originals are of narrow networks.
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

static void prepare(const char *weights) {
    avatar_models_preparation preparation = {sizeof preparation, weights, "cpu", 1, AVATAR_MODELS_MODE_JAW, 90, 90, 10, 0};
    avatar_models_preparer *preparer;

    /* These weights are a server's only. */
    CHECK_FAILS(IO, avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));
    CHECK(!preparer && strstr(message, "s3fd.safetensors"));
    preparation.mode = 7;
    CHECK_FAILS(ARGUMENT, avatar_models_preparer_open(&preparation, &preparer, message, sizeof message));
}

int main(int count, char **arguments) {
    avatar_models_networks *networks;
    avatar_models_portrait *portrait;
    pthread_t thread;
    void *tokens, *others;

    CHECK(count == 4);
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
    import(arguments[2], arguments[3]);
    prepare(arguments[1]);
    puts("as the header says");
    return 0;
}
