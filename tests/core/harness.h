/*
 * A small harness for mechanism tests: a program lists its tests, runs the
 * one that is named, or runs them all, each in a process of its own.  It ends
 * with 0 if all checks held.  A test that hangs is ended by a signal.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Far longer than any test takes, also under valgrind on a machine with thirty
 * threads for each CPU: it ends only tests that hang.
 */
#define TEST_TIMEOUT_S 300

typedef struct TestCase {
    const char *name;
    void (*run)(void);
} TestCase;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s: does not hold: %s\n", __FILE__, \
                    __LINE__, __func__, #condition); \
            exit(1); \
        } \
    } while (0)

#define CHECK_EQUAL(left, right) \
    do { \
        long long left_ = (long long)(left), right_ = (long long)(right); \
        if (left_ != right_) { \
            fprintf(stderr, "%s:%d: %s: %s = %lld, but %s = %lld\n", __FILE__, \
                    __LINE__, __func__, #left, left_, #right, right_); \
            exit(1); \
        } \
    } while (0)

#define TEST(function) {#function, function}

static inline void run_test(const TestCase *test)
{
    alarm(TEST_TIMEOUT_S);
    test->run();
}

/* Each in a process of its own, so that no test sees what another left. */
static inline int run_all_tests(const TestCase *tests, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
            run_test(&tests[i]);
            exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "%s: failed with status %#x\n", tests[i].name,
                    (unsigned)status);
            failed++;
        }
    }
    return failed > 0;
}

static inline int run_tests(int argc, char **argv, const TestCase *tests,
                            size_t count)
{
    if (argc > 1 && strcmp(argv[1], "--all") == 0) {
        return run_all_tests(tests, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (argc < 2) {
            puts(tests[i].name);
        } else if (strcmp(argv[1], tests[i].name) == 0) {
            run_test(&tests[i]);
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}

#define TEST_MAIN(tests) \
    int main(int argc, char **argv) \
    { \
        return run_tests(argc, argv, tests, sizeof(tests) / sizeof(*tests)); \
    }
