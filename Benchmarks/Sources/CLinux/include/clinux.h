/// What Swift cannot import of Linux by itself: KVM's ioctl numbers, which are macros, and GNU extensions.
#ifndef CLINUX_H
#define CLINUX_H

#include <linux/kvm.h>
#include <stdint.h>
#include <sys/types.h>

/// The CPUs below 64 that the calling thread may use, a bit each; 0 where the system does not say.
uint64_t clinux_cpus(void);

/// `sched_setaffinity` with such a set; thread 0 is the calling one.
int clinux_set_cpus(pid_t thread, uint64_t cpus);

static const unsigned long kKVM_CREATE_VM = KVM_CREATE_VM;
static const unsigned long kKVM_GET_VCPU_MMAP_SIZE = KVM_GET_VCPU_MMAP_SIZE;
static const unsigned long kKVM_SET_TSS_ADDR = KVM_SET_TSS_ADDR;
static const unsigned long kKVM_SET_USER_MEMORY_REGION = KVM_SET_USER_MEMORY_REGION;
static const unsigned long kKVM_CREATE_VCPU = KVM_CREATE_VCPU;
static const unsigned long kKVM_GET_REGS = KVM_GET_REGS;
static const unsigned long kKVM_SET_REGS = KVM_SET_REGS;
static const unsigned long kKVM_GET_SREGS = KVM_GET_SREGS;
static const unsigned long kKVM_SET_SREGS = KVM_SET_SREGS;
static const unsigned long kKVM_SET_GUEST_DEBUG = KVM_SET_GUEST_DEBUG;
static const unsigned long kKVM_RUN = KVM_RUN;

#endif
