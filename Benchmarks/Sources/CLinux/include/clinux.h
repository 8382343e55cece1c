/// What Swift cannot import of Linux by itself: KVM's ioctl numbers, which are macros.
#ifndef CLINUX_H
#define CLINUX_H

#include <linux/kvm.h>

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
