/// What Swift cannot import of Linux by itself: KVM's ioctl numbers, which are macros.
#ifndef CLINUX_H
#define CLINUX_H

#include <linux/kvm.h>
#include <stddef.h>

static const unsigned long kKVM_CREATE_VM = KVM_CREATE_VM;
static const unsigned long kKVM_GET_VCPU_MMAP_SIZE = KVM_GET_VCPU_MMAP_SIZE;
static const unsigned long kKVM_SET_USER_MEMORY_REGION = KVM_SET_USER_MEMORY_REGION;
static const unsigned long kKVM_CREATE_VCPU = KVM_CREATE_VCPU;
static const unsigned long kKVM_SET_GUEST_DEBUG = KVM_SET_GUEST_DEBUG;
static const unsigned long kKVM_RUN = KVM_RUN;

#if defined(__x86_64__)
static const unsigned long kKVM_SET_TSS_ADDR = KVM_SET_TSS_ADDR;
static const unsigned long kKVM_GET_REGS = KVM_GET_REGS;
static const unsigned long kKVM_SET_REGS = KVM_SET_REGS;
static const unsigned long kKVM_GET_SREGS = KVM_GET_SREGS;
static const unsigned long kKVM_SET_SREGS = KVM_SET_SREGS;
static const unsigned long kKVM_GET_FPU = KVM_GET_FPU;
#endif

#if defined(__aarch64__)
static const unsigned long kKVM_ARM_PREFERRED_TARGET = KVM_ARM_PREFERRED_TARGET;
static const unsigned long kKVM_ARM_VCPU_INIT = KVM_ARM_VCPU_INIT;
static const unsigned long kKVM_GET_ONE_REG = KVM_GET_ONE_REG;
static const unsigned long kKVM_SET_ONE_REG = KVM_SET_ONE_REG;

/// Where registers stand in `struct kvm_regs`, which Swift does not import for its 128-bit members, in bytes.
enum {
  kKVM_REGS_X0 = offsetof(struct kvm_regs, regs.regs),
  kKVM_REGS_SP_EL1 = offsetof(struct kvm_regs, sp_el1),
  kKVM_REGS_PC = offsetof(struct kvm_regs, regs.pc),
  kKVM_REGS_PSTATE = offsetof(struct kvm_regs, regs.pstate),
};
#endif

#endif
