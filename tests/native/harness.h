/*
 * A small harness for mechanism tests: a program lists its tests, or runs the
 * one that is named, and ends with 0 if all checks held.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct TestCase {
    const char *name;
    void (*run)(void);
} TestCase;

#define CHECK(condition)                                                   \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "%s:%d: %s: does not hold: %s\n", __FILE__,    \
                    __LINE__, __func__, #condition);                       \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

#define CHECK_EQUAL(left, right)                                           \
    do {                                                                   \
        long long left_ = (long long)(left), right_ = (long long)(right);  \
        if (left_ != right_) {                                             \
            fprintf(stderr, "%s:%d: %s: %s = %lld, but %s = %lld\n",       \
                    __FILE__, __LINE__, __func__, #left, left_, #right,    \
                    right_);                                               \
            exit(1);                                                       \
        }                                                                  \
    } while (0)

#define TEST(function) {#function, function}

static inline int run_tests(int argc, char **argv, const TestCase *tests,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (argc < 2) {
            puts(tests[i].name);
        } else if (strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}

#define TEST_MAIN(tests)                                                   \
    int main(int argc, char **argv)                                        \
    {                                                                      \
        return run_tests(argc, argv, tests, sizeof(tests) / sizeof(*tests)); \
    }
