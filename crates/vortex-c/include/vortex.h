/*
 * libvortex: lossless compression of tables of numbers. docs/c.md explains it with examples.
 *
 * Errors. A function that can fail returns a vortex_code, which is VORTEX_OK if all went well. With
 * a vortex_error as its last argument it also gives a message; NULL is possible there. After a
 * failure, *written and other results are 0, unless stated otherwise.
 *
 * Pointers. A pointer must be valid for what the function does with it: objects that are not freed,
 * `n` readable bytes, `capacity` writable bytes that may be uninitialised, texts that end with 0.
 * Inputs and outputs must not overlap. NULL is an error (VORTEX_INVALID_ARGUMENT), except for 0
 * bytes and where a comment says so; all functions that free accept NULL. Texts are UTF-8.
 *
 * Threads. There is no global state. Different objects may be used in different threads at once. A
 * vortex_compressor, vortex_decompressor or vortex_model may be used by several threads at once as
 * long as none changes or frees it; other objects by one thread at a time. A call may use threads
 * of its own. After a failure, and after their object was freed, each ends when the block that it
 * works on is done; callbacks run in the calling thread.
 */

#ifndef VORTEX_H
#define VORTEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The bytes of a message, the final 0 included. Longer messages are cut.
#define VORTEX_MESSAGE_BYTES 512

// The kind of an error. Later versions may have more.
typedef enum {
    // No error.
    VORTEX_OK = 0,
    // An argument is not possible, or arguments do not fit together.
    VORTEX_INVALID_ARGUMENT = 1,
    // The buffer of the caller is too small for the result.
    VORTEX_BUFFER_TOO_SMALL = 2,
    // The bytes do not begin like a compressed file.
    VORTEX_NOT_VORTEX = 3,
    // A compressed file contradicts itself, or a checksum is wrong.
    VORTEX_DAMAGED = 4,
    // A compressed file ends too early.
    VORTEX_TRUNCATED = 5,
    // A compressed file is followed by other bytes.
    VORTEX_TRAILING_DATA = 6,
    // Written by a newer version.
    VORTEX_UNSUPPORTED = 7,
    // The file needs a model that was not given and not found.
    VORTEX_MISSING_MODEL = 8,
    // A model is damaged, is not the one of the file, or does not work here.
    VORTEX_UNUSABLE_MODEL = 9,
    // A description of records is not valid.
    VORTEX_SCHEMA = 10,
    // There is no dataset or field like this.
    VORTEX_NOT_FOUND = 11,
    // A size is above a limit, of the format or of vortex_decompressor_set_limits.
    VORTEX_LIMIT = 12,
    // Reading or writing failed.
    VORTEX_IO = 13,
    // A callback of the caller reported a failure.
    VORTEX_CALLBACK = 14,
    // The output did not decode to the same bytes: do not use it.
    VORTEX_VERIFY_FAILED = 15,
    // A fault of this library. The object of the call can only be freed.
    VORTEX_INTERNAL = 16,
} vortex_code;

// Number types of fields.
typedef enum {
    VORTEX_U8 = 0,
    VORTEX_I8 = 1,
    VORTEX_BOOL = 2,
    VORTEX_U16 = 3,
    VORTEX_I16 = 4,
    // IEEE 754 half precision.
    VORTEX_F16 = 5,
    VORTEX_BF16 = 6,
    VORTEX_U32 = 7,
    VORTEX_I32 = 8,
    VORTEX_F32 = 9,
    VORTEX_U64 = 10,
    VORTEX_I64 = 11,
    VORTEX_F64 = 12,
} vortex_dtype;

// How to compress. One compressor serves any number of buffers and streams.
typedef struct vortex_compressor vortex_compressor;

// How to decompress. One decompressor serves any number of files.
typedef struct vortex_decompressor vortex_decompressor;

// A compressed file, open for random access: only the needed blocks are read and decoded.
typedef struct vortex_file vortex_file;

// A trained model, which never changes.
typedef struct vortex_model vortex_model;

// A compressed file that is being read from its start.
typedef struct vortex_reader vortex_reader;

// A compressed file that is being written.
typedef struct vortex_writer vortex_writer;

// An error: memory of the caller, which a call fills. After a success, the code is VORTEX_OK and
// the message is empty.
typedef struct {
    // The kind, as returned by the call.
    vortex_code code;
    // What is wrong, where, and what to do: one line of UTF-8, with a final 0.
    char message[VORTEX_MESSAGE_BYTES];
} vortex_error;

// A field of a record, for example {"pt", VORTEX_F32, offsetof(struct jet, pt), false}.
typedef struct {
    // Its name, unique in the record, at most 255 bytes.
    const char *name;
    // A vortex_dtype.
    uint32_t dtype;
    // Bytes from the start of the record.
    uint32_t offset;
    // Whether the most significant byte comes first: 0 is no, all else is yes.
    uint8_t big_endian;
} vortex_field;

// Takes `n` bytes of output, all of them. It returns 0; anything else stops the work, which then
// fails with VORTEX_CALLBACK. It must not use the object that calls it, nor jump out.
typedef int (*vortex_write)(void *user, const void *bytes, size_t n);

// Sizes of a complete file.
typedef struct {
    // Bytes that were compressed.
    uint64_t original;
    // Bytes of the file.
    uint64_t compressed;
} vortex_sizes;

// Limits for files that are not trusted, in bytes. 0 leaves a limit as it is without this call: it
// accepts every file that this library writes.
typedef struct {
    // Longest block. A reader holds about two blocks per thread.
    uint32_t block_bytes;
    // Longest model that a file may embed.
    uint32_t model_bytes;
    // Longest description of records.
    uint32_t schema_bytes;
    // Indexes and descriptions of all parts of a file; for vortex_file and
    // vortex_decompressed_size.
    uint64_t index_bytes;
} vortex_limits;

// Puts up to `capacity` bytes of input at `bytes`, and their number, 0 at the end of the input,
// into *n. It returns 0; anything else stops the work, which then fails with VORTEX_CALLBACK. It
// must not use the object that calls it, nor jump out.
typedef int (*vortex_read)(void *user, void *bytes, size_t capacity, size_t *n);

// A dataset of a file: a table. Its pointers are valid until the file is freed.
typedef struct {
    // Its name; a file without datasets has "part 1". Several datasets may have one name: the
    // number of a dataset is what tells them apart.
    const char *name;
    // Number of records.
    uint64_t records;
    // Records that one block holds: reads of this length, from a multiple of it, are the quickest.
    // In the column layout each field has blocks of its own, and this is the largest number of
    // values in one; shorter reads decode a block more than once, longer ones need more memory.
    uint64_t block_records;
    // Bytes of a record.
    size_t record_bytes;
    // The fields of a record, without its padding.
    const vortex_field *fields;
    // Number of fields.
    size_t n_fields;
} vortex_dataset;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library, such as "0.1.0".
const char *vortex_version(void);

// Opens a .vxm file. *model is to be freed with vortex_model_free.
vortex_code vortex_model_open(const char *path, vortex_model **model, vortex_error *error);

// Takes the bytes of a .vxm file, which are copied.
vortex_code vortex_model_from_bytes(const void *file,
                                    size_t n,
                                    vortex_model **model,
                                    vortex_error *error);

// Frees a model. Compressors and decompressors that got it keep it.
void vortex_model_free(vortex_model *model);

// A compressor with the default options: level 5, all cores, records are looked for, and the
// output is verified. To be freed with vortex_compressor_free.
vortex_compressor *vortex_compressor_new(void);

// Frees a compressor. Writers that were opened with it are not affected.
void vortex_compressor_free(vortex_compressor *compressor);

// The level: 1 (fastest) to 9 (smallest).
vortex_code vortex_compressor_set_level(vortex_compressor *compressor,
                                        int level,
                                        vortex_error *error);

// The number of threads; 0 is one per core. The result does not depend on it.
vortex_code vortex_compressor_set_threads(vortex_compressor *compressor,
                                          size_t threads,
                                          vortex_error *error);

// The bytes per block, 1 KiB to 64 MiB: blocks are the unit of random access and of threads.
vortex_code vortex_compressor_set_block_bytes(vortex_compressor *compressor,
                                              uint32_t block_bytes,
                                              vortex_error *error);

// Whether the output is decoded at once and compared, which takes about as long as coding.
vortex_code vortex_compressor_set_verify(vortex_compressor *compressor,
                                         bool verify,
                                         vortex_error *error);

// The records: `n` fields in records of `record_bytes`, such as sizeof(struct jet). Bytes that no
// field covers are padding. Without it, records are looked for in the bytes.
vortex_code vortex_compressor_set_fields(vortex_compressor *compressor,
                                         const vortex_field *fields,
                                         size_t n,
                                         size_t record_bytes,
                                         vortex_error *error);

// The records, as the text of a .schema.yaml file.
vortex_code vortex_compressor_set_schema(vortex_compressor *compressor,
                                         const char *yaml,
                                         vortex_error *error);

// Codes with a trained model, which says what the records are; if they are described besides, it
// must be the same ones. `embed` stores the model in the output, so that decompression needs no
// other file.
vortex_code vortex_compressor_set_model(vortex_compressor *compressor,
                                        const vortex_model *model,
                                        bool embed,
                                        vortex_error *error);

// A capacity that is enough for the result of vortex_compress for `n` bytes with these options; 0
// if the compressor is NULL.
size_t vortex_compress_bound(const vortex_compressor *compressor, size_t n);

// Compresses `n` bytes into a buffer. *written is the length of the result; after
// VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed.
vortex_code vortex_compress(const vortex_compressor *compressor,
                            const void *source,
                            size_t n,
                            void *target,
                            size_t capacity,
                            size_t *written,
                            vortex_error *error);

// Begins a file with the options that the compressor has now. Its bytes go to `write`, which is
// called with `user` by vortex_writer_write and vortex_writer_finish. *writer is to be freed with
// vortex_writer_free.
vortex_code vortex_writer_open(const vortex_compressor *compressor,
                               vortex_write write,
                               void *user,
                               vortex_writer **writer,
                               vortex_error *error);

// Compresses `n` more bytes. It may keep them, and later write many blocks at once.
vortex_code vortex_writer_write(vortex_writer *writer,
                                const void *source,
                                size_t n,
                                vortex_error *error);

// Ends the file; without this call it is not complete. Nothing can be written afterwards, also if
// the call failed: the file must then be started again with another writer. `sizes` may be NULL.
vortex_code vortex_writer_finish(vortex_writer *writer, vortex_sizes *sizes, vortex_error *error);

// Frees a writer, finished or not.
void vortex_writer_free(vortex_writer *writer);

// A decompressor with the default options: all cores, models that are embedded in a file, or in
// the folders of the environment variable VORTEX_MODEL_PATH. To be freed with
// vortex_decompressor_free.
vortex_decompressor *vortex_decompressor_new(void);

// Frees a decompressor. Readers and files that were opened with it are not affected.
void vortex_decompressor_free(vortex_decompressor *decompressor);

// The number of threads; 0 is one per core.
vortex_code vortex_decompressor_set_threads(vortex_decompressor *decompressor,
                                            size_t threads,
                                            vortex_error *error);

// A model for files that need it. It replaces the one of an earlier call.
vortex_code vortex_decompressor_set_model(vortex_decompressor *decompressor,
                                          const vortex_model *model,
                                          vortex_error *error);

// Limits of the memory that a file may need; a file beyond them fails with VORTEX_LIMIT. Besides,
// a thread needs up to 256 MiB for a file of level 8, and less for lower levels.
vortex_code vortex_decompressor_set_limits(vortex_decompressor *decompressor,
                                           const vortex_limits *limits,
                                           vortex_error *error);

// The length of what a whole compressed file in memory decodes to, as its index states it; the
// blocks are not read. `decompressor` gives the limits.
vortex_code vortex_decompressed_size(const vortex_decompressor *decompressor,
                                     const void *file,
                                     size_t n,
                                     uint64_t *size,
                                     vortex_error *error);

// Decompresses a whole file in memory into a buffer. *written is the length of the result; after
// VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed, as the index of the file states it. A
// file whose index is damaged, or that has more bytes than its index states, fails with the code
// of that, whatever the capacity. After a failure the contents of the buffer mean nothing.
vortex_code vortex_decompress(const vortex_decompressor *decompressor,
                              const void *file,
                              size_t n,
                              void *target,
                              size_t capacity,
                              size_t *written,
                              vortex_error *error);

// Begins to read a file, whose bytes come from `read`, which is called with `user` by
// vortex_reader_read. *reader is to be freed with vortex_reader_free.
vortex_code vortex_reader_open(const vortex_decompressor *decompressor,
                               vortex_read read,
                               void *user,
                               vortex_reader **reader,
                               vortex_error *error);

// Decodes into a buffer until it is full or the file ends. *n is the number of bytes; after a
// success it is less than `capacity` only at the end of the file, when all of it was checked. After
// a failure it is the number of sound bytes before it. The bytes of a block are checked before they
// are returned.
vortex_code vortex_reader_read(vortex_reader *reader,
                               void *target,
                               size_t capacity,
                               size_t *n,
                               vortex_error *error);

// Frees a reader.
void vortex_reader_free(vortex_reader *reader);

// Opens a file by its path; models beside it are found. *opened is to be freed with
// vortex_file_free.
vortex_code vortex_file_open(const vortex_decompressor *decompressor,
                             const char *path,
                             vortex_file **opened,
                             vortex_error *error);

// Opens a file of `n` bytes in memory, which must stay as they are until the file is freed.
vortex_code vortex_file_open_memory(const vortex_decompressor *decompressor,
                                    const void *file,
                                    size_t n,
                                    vortex_file **opened,
                                    vortex_error *error);

// Frees a file.
void vortex_file_free(vortex_file *file);

// The number of datasets; 1 for a file that was made of records or bytes; 0 if `file` is NULL.
size_t vortex_file_datasets(const vortex_file *file);

// Describes a dataset, counted from 0. After a failure, *described is not changed.
vortex_code vortex_file_dataset(const vortex_file *file,
                                size_t dataset,
                                vortex_dataset *described,
                                vortex_error *error);

// Reads `n` records from record `first` on, as they were compressed. *written is the number of
// bytes; after VORTEX_BUFFER_TOO_SMALL it is the capacity that is needed.
vortex_code vortex_file_read(vortex_file *file,
                             size_t dataset,
                             uint64_t first,
                             uint64_t n,
                             void *target,
                             size_t capacity,
                             size_t *written,
                             vortex_error *error);

// As vortex_file_read for some fields: records of these fields alone, in the order of `names` and
// without gaps. A name that is not a field stands for its parts: "b" for "b[0]", "b[1]", ...
vortex_code vortex_file_read_fields(vortex_file *file,
                                    size_t dataset,
                                    const char *const *names,
                                    size_t n_names,
                                    uint64_t first,
                                    uint64_t n,
                                    void *target,
                                    size_t capacity,
                                    size_t *written,
                                    vortex_error *error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* VORTEX_H */
