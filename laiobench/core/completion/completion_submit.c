/*
 * submit: for engines whose requests are done when their submit returns.  There
 * is nothing to notice; the loop only sleeps where no request may go yet.
 */
#include "completion/completion.h"

static int submit_attach(Completion *completion, Error *error)
{
    (void)completion;
    (void)error;
    return 0;
}

static void submit_detach(Completion *completion)
{
    (void)completion;
}

const CompletionMode completion_submit = {
    .name = "submit",
    .attach = submit_attach,
    .detach = submit_detach,
};
