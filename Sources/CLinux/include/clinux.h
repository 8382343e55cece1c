/// Interfaces of Linux that the C library shows only to programs compiled with _GNU_SOURCE, which Swift's import is not.
///
/// It includes no system header: Swift would take the C library's types for this module's.
#ifndef CLINUX_H
#define CLINUX_H

/// gettid(2).
int clinux_gettid(void);

/// pthread_setname_np(3) for the calling thread; at most 15 bytes count.
void clinux_set_thread_name(const char *name);

/// Makes a descriptor send SIGIO to the calling thread, and to no other, when it has news (F_SETOWN_EX, O_ASYNC), and
/// makes reading it not wait (O_NONBLOCK). Returns 0, or -1 with errno set.
int clinux_signal_this_thread(int descriptor);

/// Opens a pseudo-terminal in raw mode (cfmakeraw) and tells the name of its other end. Returns the descriptor, or -1 with errno set.
int clinux_open_pseudo_terminal(char *name, int capacity);

#endif
