/* Streams with small pieces, callbacks that fail, and threads. */
#include "check.h"

#include <pthread.h>

/* Bytes in memory that grow, or are read piece by piece. */
struct bytes {
    unsigned char *bytes;
    size_t n, at, piece;
    int fail_after; /* calls; below 0 never */
};

static int put(void *user, const void *from, size_t n) {
    struct bytes *to = user;
    if (to->fail_after-- == 0) {
        return 5;
    }
    to->bytes = realloc(to->bytes, to->n + n);
    CHECK(to->bytes != NULL);
    memcpy(to->bytes + to->n, from, n);
    to->n += n;
    return 0;
}

static int get(void *user, void *to, size_t capacity, size_t *n) {
    struct bytes *from = user;
    if (from->fail_after-- == 0) {
        return -7;
    }
    size_t left = from->n - from->at;
    *n = left < from->piece ? left : from->piece;
    *n = *n < capacity ? *n : capacity;
    if (*n > 0) {
        memcpy(to, from->bytes + from->at, *n);
    }
    from->at += *n;
    return 0;
}

static int lies(void *user, void *to, size_t capacity, size_t *n) {
    (void)user, (void)to;
    *n = capacity + 1;
    return 0;
}

/* Jets to a file and back, through pieces of these sizes. */
static void round_trip(size_t n, size_t piece_in, size_t piece_out, uint32_t seed) {
    vortex_error error;
    struct jet *jets = make_jets(n, seed);
    size_t bytes = n * sizeof *jets;
    vortex_compressor *compressor = vortex_compressor_new();
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof *jets, &error));
    OK(vortex_compressor_set_level(compressor, 2, &error));
    OK(vortex_compressor_set_threads(compressor, 2, &error));
    OK(vortex_compressor_set_block_bytes(compressor, 1 << 12, &error));
    struct bytes file = {NULL, 0, 0, piece_in, -1};
    vortex_writer *writer = NULL;
    OK(vortex_writer_open(compressor, put, &file, &writer, &error));
    vortex_compressor_free(compressor); /* the writer does not need it */
    for (size_t at = 0; at < bytes; at += piece_in) {
        size_t now = bytes - at < piece_in ? bytes - at : piece_in;
        OK(vortex_writer_write(writer, (unsigned char *)jets + at, now, &error));
    }
    vortex_sizes sizes;
    OK(vortex_writer_finish(writer, &sizes, &error));
    CHECK(sizes.original == bytes && sizes.compressed == file.n);
    FAILS(vortex_writer_write(writer, jets, 1, &error), VORTEX_INVALID_ARGUMENT, "has ended");
    FAILS(vortex_writer_finish(writer, NULL, &error), VORTEX_INVALID_ARGUMENT, "has ended");
    vortex_writer_free(writer);

    vortex_decompressor *decompressor = vortex_decompressor_new();
    OK(vortex_decompressor_set_threads(decompressor, 2, &error));
    vortex_reader *reader = NULL;
    OK(vortex_reader_open(decompressor, get, &file, &reader, &error));
    vortex_decompressor_free(decompressor);
    unsigned char *piece = malloc(piece_out);
    size_t at = 0, got = 0;
    do {
        OK(vortex_reader_read(reader, piece, piece_out, &got, &error));
        CHECK(got <= bytes - at && memcmp(piece, (unsigned char *)jets + at, got) == 0);
        at += got;
    } while (got == piece_out);
    CHECK(at == bytes);
    OK(vortex_reader_read(reader, piece, piece_out, &got, &error));
    CHECK(got == 0);
    vortex_reader_free(reader);
    free(piece);
    free(file.bytes);
    free(jets);
}

static void failing_callbacks(void) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    struct jet *jets = make_jets(2000, 9);
    size_t bytes = 2000 * sizeof *jets;
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof *jets, &error));
    OK(vortex_compressor_set_level(compressor, 1, &error));
    OK(vortex_compressor_set_block_bytes(compressor, 1 << 12, &error));
    vortex_writer *writer = NULL;
    for (int calls = 0; calls < 4; calls++) {
        struct bytes file = {NULL, 0, 0, 0, calls};
        OK(vortex_writer_open(compressor, put, &file, &writer, &error));
        vortex_code code = vortex_writer_write(writer, jets, bytes, &error);
        if (code == VORTEX_OK) {
            code = vortex_writer_finish(writer, NULL, &error);
        }
        CHECK(code == VORTEX_CALLBACK && strstr(error.message, "returned 5") != NULL);
        /* The failure stays known. */
        (void)vortex_writer_finish(writer, NULL, &error);
        FAILS(vortex_writer_finish(writer, NULL, &error), VORTEX_CALLBACK, "returned 5");
        vortex_writer_free(writer);
        free(file.bytes);
    }
    FAILS(vortex_writer_open(compressor, NULL, NULL, &writer, &error), VORTEX_INVALID_ARGUMENT,
          "write is NULL");
    CHECK(writer == NULL);

    /* A writer that is not finished leaves a file that is known to be incomplete. */
    struct bytes file = {NULL, 0, 0, 100, -1};
    OK(vortex_writer_open(compressor, put, &file, &writer, &error));
    OK(vortex_writer_write(writer, jets, bytes, &error));
    vortex_writer_free(writer);
    vortex_reader *reader = NULL;
    size_t got = 0;
    unsigned char *piece = malloc(bytes);
    OK(vortex_reader_open(decompressor, get, &file, &reader, &error));
    FAILS(vortex_reader_read(reader, piece, bytes, &got, &error), VORTEX_TRUNCATED, "");
    vortex_reader_free(reader);

    OK(vortex_writer_open(compressor, put, &file, &writer, &error));
    OK(vortex_writer_write(writer, jets, bytes, &error));
    OK(vortex_writer_finish(writer, NULL, &error));
    vortex_writer_free(writer);
    file.at = 0;
    file.fail_after = 1;
    OK(vortex_reader_open(decompressor, get, &file, &reader, &error));
    FAILS(vortex_reader_read(reader, piece, bytes, &got, &error), VORTEX_CALLBACK, "returned -7");
    vortex_reader_free(reader);
    OK(vortex_reader_open(decompressor, lies, NULL, &reader, &error));
    FAILS(vortex_reader_read(reader, piece, bytes, &got, &error), VORTEX_IO, "bytes into");
    vortex_reader_free(reader);
    free(piece);
    free(file.bytes);
    free(jets);
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
}

/* One compressor for all threads. */
struct work {
    const vortex_compressor *compressor;
    const vortex_decompressor *decompressor;
    uint32_t seed;
};

static void *in_a_thread(void *user) {
    struct work *work = user;
    vortex_error error;
    round_trip(700, 999, 333, work->seed);
    for (int i = 0; i < 5; i++) {
        struct jet *jets = make_jets(600, work->seed + (uint32_t)i);
        size_t bytes = 600 * sizeof *jets, packed = 0, back = 0;
        size_t bound = vortex_compress_bound(work->compressor, bytes);
        unsigned char *file = malloc(bound), *output = malloc(bytes);
        OK(vortex_compress(work->compressor, jets, bytes, file, bound, &packed, &error));
        OK(vortex_decompress(work->decompressor, file, packed, output, bytes, &back, &error));
        CHECK(back == bytes && memcmp(output, jets, bytes) == 0);
        /* Errors of threads do not mix. */
        char wrong[32];
        snprintf(wrong, sizeof wrong, "/no/model/%u.vxm", (unsigned)work->seed);
        vortex_model *model = NULL;
        FAILS(vortex_model_open(wrong, &model, &error), VORTEX_IO, wrong);
        free(output);
        free(file);
        free(jets);
    }
    return NULL;
}

static void threads(void) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof(struct jet), &error));
    OK(vortex_compressor_set_level(compressor, 1, &error));
    enum { N = 4 };
    pthread_t running[N];
    struct work work[N];
    for (uint32_t i = 0; i < N; i++) {
        work[i] = (struct work){compressor, decompressor, 100 * i + 1};
        CHECK(pthread_create(&running[i], NULL, in_a_thread, &work[i]) == 0);
    }
    for (uint32_t i = 0; i < N; i++) {
        CHECK(pthread_join(running[i], NULL) == 0);
    }
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
}

int main(void) {
    round_trip(0, 1, 1, 1);
    round_trip(10, 1, 1, 2);
    round_trip(2000, 1000, 7, 3);
    round_trip(2000, 1000000, 1000000, 4);
    failing_callbacks();
    threads();
    return 0;
}
