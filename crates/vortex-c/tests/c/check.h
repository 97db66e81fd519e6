/* What the test programs share: checks that stop with the place and the message. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vortex.h>

#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition)) {                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

/* A call whose last argument is &error, and that must succeed. */
#define OK(call)                                                                        \
    do {                                                                                \
        vortex_code code_ = (call);                                                     \
        if (code_ != VORTEX_OK || error.code != VORTEX_OK || error.message[0] != 0) {   \
            fprintf(stderr, "%s:%d: %s: code %d: %s\n", __FILE__, __LINE__, #call,      \
                    (int)code_, error.message);                                         \
            exit(1);                                                                    \
        }                                                                               \
    } while (0)

/* A call that must fail with this code and a message that contains the words. */
#define FAILS(call, wanted, words)                                                        \
    do {                                                                                  \
        vortex_code code_ = (call);                                                       \
        if (code_ != (wanted) || error.code != (wanted) ||                                \
            strstr(error.message, (words)) == NULL) {                                     \
            fprintf(stderr, "%s:%d: %s: code %d, wanted %d with \"%s\": %s\n", __FILE__,   \
                    __LINE__, #call, (int)code_, (int)(wanted), (words), error.message);  \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

struct jet {
    float pt;
    uint16_t hits;
    uint8_t flags[3]; /* no field describes the last two: padding of the file */
    double energy;
};

static const vortex_field JET[] = {
    {"pt", VORTEX_F32, offsetof(struct jet, pt), false},
    {"hits", VORTEX_U16, offsetof(struct jet, hits), false},
    {"flag", VORTEX_U8, offsetof(struct jet, flags), false},
    {"energy", VORTEX_F64, offsetof(struct jet, energy), false},
};
enum { JET_FIELDS = sizeof JET / sizeof JET[0] };

/* Makes jets, the same for the same seed. */
static struct jet *make_jets(size_t n, uint32_t seed) {
    struct jet *jets = calloc(n, sizeof *jets);
    CHECK(jets != NULL);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        jets[i].pt = 20.0f / (1.0f - (float)(seed >> 8) / 16777216.0f * 0.99f);
        jets[i].hits = (uint16_t)(i / 7);
        jets[i].flags[0] = (uint8_t)(seed >> 30);
        jets[i].energy = (double)jets[i].pt * 1.25;
    }
    return jets;
}

#endif
