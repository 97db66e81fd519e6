/* One-shot compression, errors, and the limits of buffers. */
#include "check.h"

static void round_trips(size_t n) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    struct jet *jets = make_jets(n, 1);
    size_t bytes = n * sizeof *jets;
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof *jets, &error));
    OK(vortex_compressor_set_threads(compressor, 2, &error));
    OK(vortex_compressor_set_block_bytes(compressor, 1 << 14, &error));
    for (int level = 1; level <= 5; level += 2) {
        OK(vortex_compressor_set_level(compressor, level, &error));
        OK(vortex_compressor_set_verify(compressor, level == 1, &error));
        size_t bound = vortex_compress_bound(compressor, bytes), packed = 0, back = 0;
        /* Exactly as large as needed, so that tools see every byte too many. */
        unsigned char *file = malloc(bound);
        OK(vortex_compress(compressor, jets, bytes, file, bound, &packed, &error));
        CHECK(packed > 0 && packed <= bound && (n < 100 || packed < bytes));
        unsigned char *exact = malloc(packed);
        size_t again = 0;
        OK(vortex_compress(compressor, jets, bytes, exact, packed, &again, &error));
        CHECK(again == packed && memcmp(file, exact, packed) == 0);
        FAILS(vortex_compress(compressor, jets, bytes, exact, packed - 1, &again, &error),
              VORTEX_BUFFER_TOO_SMALL, "room for");
        CHECK(again == packed);

        uint64_t size = 1;
        OK(vortex_decompressed_size(decompressor, exact, packed, &size, &error));
        CHECK(size == bytes);
        unsigned char *output = malloc(bytes + 1);
        OK(vortex_decompress(decompressor, exact, packed, output, bytes, &back, &error));
        CHECK(back == bytes && memcmp(output, jets, bytes) == 0);
        if (bytes > 0) {
            FAILS(vortex_decompress(decompressor, exact, packed, output, bytes - 1, &back, &error),
                  VORTEX_BUFFER_TOO_SMALL, "room for");
            CHECK(back == bytes);
            FAILS(vortex_decompress(decompressor, exact, packed, NULL, 0, &back, &error),
                  VORTEX_BUFFER_TOO_SMALL, "room for 0");
        }
        free(output);
        free(exact);
        free(file);
    }
    free(jets);
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
}

/* Bytes that cannot get smaller stay within the bound. */
static void noise(void) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    enum { N = 100000 };
    unsigned char *bytes = malloc(N);
    uint32_t seed = 7;
    for (size_t i = 0; i < N; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(seed >> 24);
    }
    OK(vortex_compressor_set_level(compressor, 1, &error));
    OK(vortex_compressor_set_block_bytes(compressor, 1 << 10, &error));
    size_t lengths[] = {0, 1, 2, 1000, 1024, 1025, N};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t bound = vortex_compress_bound(compressor, lengths[i]), packed = 0;
        unsigned char *file = malloc(bound);
        OK(vortex_compress(compressor, bytes, lengths[i], file, bound, &packed, &error));
        CHECK(packed <= bound);
        free(file);
    }
    free(bytes);
    vortex_compressor_free(compressor);
}

static void wrong_arguments(void) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    vortex_code wrong = VORTEX_INVALID_ARGUMENT;
    size_t n = 1;
    char out[16];
    FAILS(vortex_compressor_set_level(compressor, 0, &error), wrong, "level 0; 1 to 9");
    FAILS(vortex_compressor_set_level(compressor, 256, &error), wrong, "level 256");
    FAILS(vortex_compressor_set_level(NULL, 1, &error), wrong, "compressor is NULL");
    FAILS(vortex_compressor_set_block_bytes(compressor, 7, &error), wrong, "1024 to");
    FAILS(vortex_compress(compressor, NULL, 5, out, sizeof out, &n, &error), wrong, "source is NULL");
    CHECK(n == 0);
    FAILS(vortex_compress(compressor, out, 5, NULL, 9, &n, &error), wrong, "target is NULL");
    FAILS(vortex_compress(compressor, out, 5, out, 9, NULL, &error), wrong, "written is NULL");
    FAILS(vortex_compress(compressor, out, SIZE_MAX, out, 9, &n, &error), wrong, "memory");
    /* Without an error, the code says it. */
    CHECK(vortex_compressor_set_level(compressor, 99, NULL) == wrong);
    CHECK(vortex_compress_bound(NULL, 5) == 0);

    vortex_field field = {"x", 99, 0, false};
    FAILS(vortex_compressor_set_fields(compressor, &field, 1, 4, &error), wrong, "dtype 99");
    field.dtype = VORTEX_F64;
    FAILS(vortex_compressor_set_fields(compressor, &field, 1, 4, &error), wrong, "beyond");
    field.name = NULL;
    FAILS(vortex_compressor_set_fields(compressor, &field, 1, 8, &error), wrong, "NULL");
    field.name = "\xff";
    FAILS(vortex_compressor_set_fields(compressor, &field, 1, 8, &error), wrong, "UTF-8");
    FAILS(vortex_compressor_set_schema(compressor, "stride: [", &error), VORTEX_SCHEMA, "schema");
    OK(vortex_compressor_set_schema(compressor, "stride: 4\nfields: [{name: x, dtype: '<f4'}]\n",
                                    &error));

    vortex_model *model = (vortex_model *)&n;
    FAILS(vortex_model_open("/no/such/model.vxm", &model, &error), VORTEX_IO, "/no/such/model.vxm");
    CHECK(model == NULL);
    FAILS(vortex_model_from_bytes("no model", 8, &model, &error), VORTEX_UNUSABLE_MODEL, "");
    FAILS(vortex_compressor_set_model(compressor, model, true, &error), wrong, "model is NULL");

    uint64_t size;
    FAILS(vortex_decompress(decompressor, "plain text", 10, out, 16, &n, &error),
          VORTEX_NOT_VORTEX, "");
    FAILS(vortex_decompress(decompressor, NULL, 0, out, 16, &n, &error), VORTEX_TRUNCATED, "");
    FAILS(vortex_decompressed_size(decompressor, "plain text", 10, &size, &error),
          VORTEX_NOT_VORTEX, "");
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
    vortex_compressor_free(NULL);
    vortex_decompressor_free(NULL);
    vortex_model_free(NULL);
    vortex_writer_free(NULL);
    vortex_reader_free(NULL);
    vortex_file_free(NULL);
}

/* Damage and cuts give errors, never the wrong bytes. */
static void damage(void) {
    vortex_error error;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    struct jet *jets = make_jets(500, 3);
    size_t bytes = 500 * sizeof *jets, packed = 0, back = 0;
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof *jets, &error));
    OK(vortex_compressor_set_level(compressor, 1, &error));
    size_t bound = vortex_compress_bound(compressor, bytes);
    unsigned char *file = malloc(bound), *output = malloc(bytes);
    OK(vortex_compress(compressor, jets, bytes, file, bound, &packed, &error));
    for (size_t at = 0; at < packed; at += 1 + packed / 97) {
        file[at] ^= 0x10;
        CHECK(vortex_decompress(decompressor, file, packed, output, bytes, &back, &error) !=
              VORTEX_OK);
        CHECK(error.message[0] != 0);
        file[at] ^= 0x10;
        unsigned char *cut = malloc(at + 1);
        memcpy(cut, file, at);
        CHECK(vortex_decompress(decompressor, cut, at, output, bytes, &back, &error) != VORTEX_OK);
        free(cut);
    }
    /* A damaged index is not a buffer that is too small. */
    for (size_t at = packed - 24; at < packed; at++) {
        file[at] ^= 0x10;
        vortex_code code =
            vortex_decompress(decompressor, file, packed, output, bytes / 2, &back, &error);
        CHECK((code == VORTEX_DAMAGED || code == VORTEX_TRUNCATED) && back == 0);
        file[at] ^= 0x10;
    }
    vortex_limits limits = {0};
    limits.block_bytes = 1 << 10;
    OK(vortex_decompressor_set_limits(decompressor, &limits, &error));
    FAILS(vortex_decompress(decompressor, file, packed, output, bytes, &back, &error), VORTEX_LIMIT,
          "1024 are allowed (raise vortex_limits.block_bytes)");
    limits.block_bytes = 0;
    OK(vortex_decompressor_set_limits(decompressor, &limits, &error));
    OK(vortex_decompress(decompressor, file, packed, output, bytes, &back, &error));
    CHECK(back == bytes && memcmp(output, jets, bytes) == 0);
    free(output);
    free(file);
    free(jets);
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
}

int main(void) {
    CHECK(strchr(vortex_version(), '.') != NULL);
    round_trips(0);
    round_trips(1);
    round_trips(3000);
    noise();
    wrong_arguments();
    damage();
    return 0;
}
