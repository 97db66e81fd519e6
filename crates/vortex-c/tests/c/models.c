/* A trained model: given, embedded and missing: models FOLDER, with FOLDER/jets.vxm. */
#include "check.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    CHECK(sizeof(struct jet) == 24 && offsetof(struct jet, energy) == 16);
    vortex_error error;
    char path[4096];
    snprintf(path, sizeof path, "%s/jets.vxm", argv[1]);
    vortex_model *model = NULL, *same = NULL;
    OK(vortex_model_open(path, &model, &error));
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL);
    enum { ROOM = 1 << 20 };
    unsigned char *bytes = malloc(ROOM);
    size_t n = fread(bytes, 1, ROOM, in);
    CHECK(n > 0 && n < ROOM && fclose(in) == 0);
    OK(vortex_model_from_bytes(bytes, n, &same, &error));
    bytes[n / 2] ^= 1;
    vortex_model *damaged = model;
    FAILS(vortex_model_from_bytes(bytes, n, &damaged, &error), VORTEX_UNUSABLE_MODEL, "");
    CHECK(damaged == NULL);
    free(bytes);

    /* Records beside the model: the same ones, or none. */
    vortex_field other = {"pt", VORTEX_F32, 0, 0};
    vortex_compressor *both = vortex_compressor_new();
    OK(vortex_compressor_set_model(both, model, false, &error));
    OK(vortex_compressor_set_fields(both, JET, JET_FIELDS, sizeof(struct jet), &error));
    FAILS(vortex_compressor_set_fields(both, &other, 1, 4, &error), VORTEX_INVALID_ARGUMENT,
          "records of the model");
    vortex_compressor_free(both);
    both = vortex_compressor_new();
    OK(vortex_compressor_set_fields(both, &other, 1, 4, &error));
    FAILS(vortex_compressor_set_model(both, model, false, &error), VORTEX_INVALID_ARGUMENT,
          "records of the model");
    OK(vortex_compressor_set_fields(both, JET, JET_FIELDS, sizeof(struct jet), &error));
    OK(vortex_compressor_set_model(both, model, false, &error));
    vortex_compressor_free(both);

    enum { N = 200 };
    struct jet *jets = make_jets(N, 11), back[N];
    for (int embed = 0; embed <= 1; embed++) {
        vortex_compressor *compressor = vortex_compressor_new();
        OK(vortex_compressor_set_model(compressor, model, embed, &error));
        size_t bound = vortex_compress_bound(compressor, sizeof back), packed = 0, got = 0;
        unsigned char *file = malloc(bound);
        OK(vortex_compress(compressor, jets, sizeof back, file, bound, &packed, &error));
        vortex_compressor_free(compressor);
        vortex_decompressor *decompressor = vortex_decompressor_new();
        if (embed) {
            CHECK(packed > n);
        } else {
            FAILS(vortex_decompress(decompressor, file, packed, back, sizeof back, &got, &error),
                  VORTEX_MISSING_MODEL, "model");
            OK(vortex_decompressor_set_model(decompressor, same, &error));
        }
        OK(vortex_decompress(decompressor, file, packed, back, sizeof back, &got, &error));
        CHECK(got == sizeof back && memcmp(back, jets, got) == 0);
        vortex_limits limits = {0};
        limits.model_bytes = 1000;
        OK(vortex_decompressor_set_limits(decompressor, &limits, &error));
        if (embed) {
            FAILS(vortex_decompress(decompressor, file, packed, back, sizeof back, &got, &error),
                  VORTEX_LIMIT, "1000");
        }
        vortex_decompressor_free(decompressor);
        free(file);
    }
    free(jets);
    vortex_model_free(model);
    vortex_model_free(same);
    return 0;
}
