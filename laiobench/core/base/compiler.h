/*
 * Attributes that control inlining.  During a system call the CPU loses its
 * predictions of return addresses: each return after the call then costs as much
 * as twenty instructions.  So few functions should lie between the loop and a
 * system call.
 */
#pragma once

/* Inline into this function all that it calls by name, and what they call. */
#define HOT_PATH __attribute__((flatten))

/* For inline functions in headers: HOT_PATH inlines through them only with this. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
