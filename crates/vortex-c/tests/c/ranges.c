/* Records and fields of a file, in memory and by its path: ranges FOLDER. */
#include "check.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    vortex_error error;
    enum { N = 5000 };
    struct jet *jets = make_jets(N, 5);
    size_t bytes = N * sizeof *jets, packed = 0, got = 0;
    vortex_compressor *compressor = vortex_compressor_new();
    vortex_decompressor *decompressor = vortex_decompressor_new();
    OK(vortex_compressor_set_fields(compressor, JET, JET_FIELDS, sizeof *jets, &error));
    OK(vortex_compressor_set_level(compressor, 2, &error));
    OK(vortex_compressor_set_block_bytes(compressor, 1 << 12, &error));
    size_t bound = vortex_compress_bound(compressor, bytes);
    unsigned char *packed_jets = malloc(bound);
    OK(vortex_compress(compressor, jets, bytes, packed_jets, bound, &packed, &error));
    char path[4096];
    snprintf(path, sizeof path, "%s/jets.vxc", argv[1]);
    FILE *out = fopen(path, "wb");
    CHECK(out != NULL && fwrite(packed_jets, 1, packed, out) == packed && fclose(out) == 0);

    for (int from_memory = 0; from_memory <= 1; from_memory++) {
        vortex_file *file = NULL;
        if (from_memory) {
            OK(vortex_file_open_memory(decompressor, packed_jets, packed, &file, &error));
        } else {
            OK(vortex_file_open(decompressor, path, &file, &error));
        }
        CHECK(vortex_file_datasets(file) == 1);
        vortex_dataset info;
        OK(vortex_file_dataset(file, 0, &info, &error));
        CHECK(info.records == N && info.record_bytes == sizeof *jets);
        CHECK(info.block_records == (1 << 12) / sizeof *jets && info.n_fields == JET_FIELDS);
        for (size_t i = 0; i < JET_FIELDS; i++) {
            CHECK(strcmp(info.fields[i].name, JET[i].name) == 0);
            CHECK(info.fields[i].dtype == JET[i].dtype && info.fields[i].offset == JET[i].offset);
        }
        struct jet some[100];
        OK(vortex_file_read(file, 0, 1234, 100, some, sizeof some, &got, &error));
        CHECK(got == sizeof some && memcmp(some, jets + 1234, got) == 0);
        /* Fields alone, in another order: hits, then pt. */
        const char *names[] = {"hits", "pt"};
        unsigned char two[6 * 50];
        OK(vortex_file_read_fields(file, 0, names, 2, N - 50, 50, two, sizeof two, &got, &error));
        CHECK(got == sizeof two);
        for (size_t i = 0; i < 50; i++) {
            CHECK(memcmp(two + 6 * i, &jets[N - 50 + i].hits, 2) == 0);
            CHECK(memcmp(two + 6 * i + 2, &jets[N - 50 + i].pt, 4) == 0);
        }
        OK(vortex_file_read(file, 0, N, 0, NULL, 0, &got, &error));
        CHECK(got == 0);

        FAILS(vortex_file_read(file, 0, 0, 100, some, sizeof some - 1, &got, &error),
              VORTEX_BUFFER_TOO_SMALL, "room for");
        CHECK(got == sizeof some);
        FAILS(vortex_file_read(file, 0, N - 5, 6, some, sizeof some, &got, &error),
              VORTEX_INVALID_ARGUMENT, "has 5000");
        FAILS(vortex_file_read(file, 0, UINT64_MAX, 2, some, sizeof some, &got, &error),
              VORTEX_INVALID_ARGUMENT, "has 5000");
        FAILS(vortex_file_read(file, 1, 0, 1, some, sizeof some, &got, &error), VORTEX_NOT_FOUND,
              "dataset 1");
        FAILS(vortex_file_dataset(file, 1, &info, &error), VORTEX_NOT_FOUND, "has 1");
        names[1] = "Pt";
        FAILS(vortex_file_read_fields(file, 0, names, 2, 0, 1, two, sizeof two, &got, &error),
              VORTEX_NOT_FOUND, "there are pt");
        names[1] = NULL;
        FAILS(vortex_file_read_fields(file, 0, names, 2, 0, 1, two, sizeof two, &got, &error),
              VORTEX_INVALID_ARGUMENT, "NULL");
        FAILS(vortex_file_read_fields(file, 0, names, 0, 0, 1, two, sizeof two, &got, &error),
              VORTEX_INVALID_ARGUMENT, "at least one");
        vortex_file_free(file);
    }
    /* Two datasets of one name, which the test wrote: 9 bytes, then 20 numbers from 100 on. */
    vortex_file *file = NULL;
    vortex_dataset info;
    snprintf(path, sizeof path, "%s/twins.vxc", argv[1]);
    OK(vortex_file_open(decompressor, path, &file, &error));
    CHECK(vortex_file_datasets(file) == 2);
    uint64_t records[] = {9, 20};
    for (size_t i = 0; i < 2; i++) {
        OK(vortex_file_dataset(file, i, &info, &error));
        CHECK(strcmp(info.name, "jets") == 0 && info.records == records[i]);
    }
    char head[9];
    OK(vortex_file_read(file, 0, 0, 9, head, sizeof head, &got, &error));
    CHECK(got == 9 && memcmp(head, "a header\n", 9) == 0);
    uint32_t numbers[5];
    const char *number[] = {"number"};
    OK(vortex_file_read(file, 1, 5, 5, numbers, sizeof numbers, &got, &error));
    CHECK(got == sizeof numbers && numbers[0] == 105 && numbers[4] == 109);
    OK(vortex_file_read_fields(file, 1, number, 1, 7, 1, numbers, sizeof numbers, &got, &error));
    CHECK(got == 4 && numbers[0] == 107);
    vortex_file_free(file);

    snprintf(path, sizeof path, "%s/manifest.vxc", argv[1]);
    FAILS(vortex_file_open(decompressor, path, &file, &error), VORTEX_DAMAGED, "manifest");
    FAILS(vortex_file_open(decompressor, "/no/such/file.vxc", &file, &error), VORTEX_IO,
          "/no/such/file.vxc");
    CHECK(file == NULL && vortex_file_datasets(NULL) == 0);
    FAILS(vortex_file_open_memory(decompressor, packed_jets, packed - 1, &file, &error),
          VORTEX_TRUNCATED, "");
    free(packed_jets);
    free(jets);
    vortex_decompressor_free(decompressor);
    vortex_compressor_free(compressor);
    return 0;
}
