/*
 * What is inlined into what.  While the kernel works, the CPU forgets where we
 * return to: each return on the way up from a system call costs as much as
 * twenty instructions.  So the functions that lie on that way are few.
 */
#pragma once

/* All that the function calls by name is inlined into it, and so on. */
#define HOT_PATH __attribute__((flatten))

/* For inline functions that call by name: gcc flattens no further than to others. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
