/// What Swift cannot import of <linux/kvm.h> by itself: the ioctl numbers, which are macros.
///
/// Names are the header's with a `k` before them, so that a search for `KVM_RUN` finds both.
#ifndef CKVM_H
#define CKVM_H

#include <linux/kvm.h>
#include <sys/ioctl.h>

/// `ioctl` with a pointer or an integer argument; the variadic function is not callable from Swift.
static inline int ckvm_ioctl(int descriptor, unsigned long request, unsigned long argument) {
  return ioctl(descriptor, request, argument);
}

#endif
