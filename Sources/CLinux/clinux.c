#define _GNU_SOURCE
#include "clinux.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int clinux_gettid(void) { return gettid(); }

void clinux_set_thread_name(const char *name) {
  char cut[16];
  strncpy(cut, name, sizeof cut - 1);
  cut[sizeof cut - 1] = 0;
  pthread_setname_np(pthread_self(), cut);
}

int clinux_signal_this_thread(int descriptor) {
  struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = gettid()};
  if (fcntl(descriptor, F_SETOWN_EX, &owner) < 0) return -1;
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_ASYNC | O_NONBLOCK);
}

// Before anybody opens the other end, a terminal would echo what is printed on it back as input.
static int make_raw(int descriptor) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) < 0) return -1;
  cfmakeraw(&settings);
  return tcsetattr(descriptor, TCSANOW, &settings);
}

int clinux_open_pseudo_terminal(char *name, int capacity) {
  int descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  if (grantpt(descriptor) == 0 && unlockpt(descriptor) == 0 && ptsname_r(descriptor, name, (size_t)capacity) == 0 &&
      make_raw(descriptor) == 0)
    return descriptor;
  close(descriptor);
  return -1;
}
