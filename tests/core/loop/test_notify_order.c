/*
 * The notify protocol's atomic operations, in their order.  A wrong one loses
 * a wake-up once in millions, on some CPUs: no stress finds it soon.  So the
 * protocol is compiled once more, under other names, with operations that
 * write themselves down.
 */
#include "loop/aio_notify.h"
#include "loop/bottom_half.h"
#include "fixture.h"
#include "harness.h"

static AioContext *watched;
static char noted[128];

static void note(const char *what, const uint32_t *where, int order)
{
    char line[48];

    snprintf(line, sizeof(line), "%s %s%s; ", what,
             where == &watched->notified ? "notified" : "notify_me",
             order == __ATOMIC_SEQ_CST ? "" : " (not seq_cst)");
    CHECK(strlen(noted) + strlen(line) < sizeof(noted));
    strcat(noted, line);
}

static void noted_store(uint32_t *where, uint32_t value, int order)
{
    note("store", where, order);
    *where = value;
}

static uint32_t noted_load(const uint32_t *where, int order)
{
    note("load", where, order);
    return *where;
}

static uint32_t noted_add(uint32_t *where, uint32_t value, int order)
{
    note("add to", where, order);
    *where += value;
    return *where - value;
}

#define __atomic_store_n noted_store
#define __atomic_load_n noted_load
#define __atomic_fetch_add noted_add
#define aio_notify noted_notify
#define aio_notify_begin_sleep noted_begin_sleep
#define aio_notify_end_sleep noted_end_sleep
#define aio_notify_accept noted_accept
#define aio_notifier_ops noted_notifier_ops
void noted_notify(AioContext *ctx);
bool noted_begin_sleep(AioContext *ctx);
#include "loop/aio_notify.c"

static void setup(void)
{
    watched = make_context();
    aio_poll(watched, false);
    noted[0] = '\0';
}

static void a_publisher_says_it_and_then_looks_who_sleeps(void)
{
    setup();
    noted_notify(watched);
    CHECK(strcmp(noted, "store notified; load notify_me; ") == 0);
    free_context(watched);
}

static void a_sleeper_says_it_and_then_looks_once_more(void)
{
    setup();
    CHECK(noted_begin_sleep(watched));
    CHECK(strcmp(noted, "add to notify_me; load notified; ") == 0);
    watched->notify_me = 0;
    free_context(watched);
}

static const TestCase tests[] = {
    TEST(a_publisher_says_it_and_then_looks_who_sleeps),
    TEST(a_sleeper_says_it_and_then_looks_once_more),
};

TEST_MAIN(tests)
