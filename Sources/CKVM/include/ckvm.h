/// What Swift cannot import of <linux/kvm.h> by itself: ioctl numbers are function-like macros, and capability numbers
/// past the header's age are missing.
///
/// Each constant is the header's name with a `k` before it, so that a search for `KVM_RUN` finds both.
#ifndef CKVM_H
#define CKVM_H

#include <linux/kvm.h>
#include <stddef.h>
#include <sys/ioctl.h>

/// `ioctl`; the variadic function is not callable from Swift without an allocation.
static inline int ckvm_ioctl(int descriptor, unsigned long request, unsigned long argument) {
  return ioctl(descriptor, request, argument);
}

#define CKVM_REQUEST(name) static const unsigned long k##name = name

// On /dev/kvm.
CKVM_REQUEST(KVM_GET_API_VERSION);
CKVM_REQUEST(KVM_CREATE_VM);
CKVM_REQUEST(KVM_CHECK_EXTENSION);
CKVM_REQUEST(KVM_GET_VCPU_MMAP_SIZE);

// On a virtual machine.
CKVM_REQUEST(KVM_CREATE_VCPU);
CKVM_REQUEST(KVM_SET_USER_MEMORY_REGION);
CKVM_REQUEST(KVM_CREATE_IRQCHIP);
CKVM_REQUEST(KVM_IRQ_LINE);
CKVM_REQUEST(KVM_ENABLE_CAP);

// On a virtual CPU.
CKVM_REQUEST(KVM_RUN);
CKVM_REQUEST(KVM_SET_SIGNAL_MASK);
CKVM_REQUEST(KVM_SET_GUEST_DEBUG);
CKVM_REQUEST(KVM_GET_MP_STATE);
CKVM_REQUEST(KVM_SET_MP_STATE);
CKVM_REQUEST(KVM_GET_VCPU_EVENTS);
CKVM_REQUEST(KVM_SET_VCPU_EVENTS);
CKVM_REQUEST(KVM_TRANSLATE);

#if defined(__x86_64__)
CKVM_REQUEST(KVM_GET_MSR_INDEX_LIST);
CKVM_REQUEST(KVM_GET_SUPPORTED_CPUID);
CKVM_REQUEST(KVM_SET_TSS_ADDR);
CKVM_REQUEST(KVM_SET_IDENTITY_MAP_ADDR);
CKVM_REQUEST(KVM_CREATE_PIT2);
CKVM_REQUEST(KVM_GET_PIT2);
CKVM_REQUEST(KVM_SET_PIT2);
CKVM_REQUEST(KVM_GET_IRQCHIP);
CKVM_REQUEST(KVM_SET_IRQCHIP);
CKVM_REQUEST(KVM_GET_CLOCK);
CKVM_REQUEST(KVM_SET_CLOCK);
CKVM_REQUEST(KVM_SET_CPUID2);
CKVM_REQUEST(KVM_GET_REGS);
CKVM_REQUEST(KVM_SET_REGS);
CKVM_REQUEST(KVM_GET_SREGS);
CKVM_REQUEST(KVM_SET_SREGS);
CKVM_REQUEST(KVM_GET_XSAVE);
CKVM_REQUEST(KVM_SET_XSAVE);
CKVM_REQUEST(KVM_GET_XCRS);
CKVM_REQUEST(KVM_SET_XCRS);
CKVM_REQUEST(KVM_GET_DEBUGREGS);
CKVM_REQUEST(KVM_SET_DEBUGREGS);
CKVM_REQUEST(KVM_GET_MSRS);
CKVM_REQUEST(KVM_SET_MSRS);
CKVM_REQUEST(KVM_GET_LAPIC);
CKVM_REQUEST(KVM_SET_LAPIC);
#endif

#if defined(__aarch64__)
CKVM_REQUEST(KVM_CREATE_DEVICE);
CKVM_REQUEST(KVM_SET_DEVICE_ATTR);
CKVM_REQUEST(KVM_GET_DEVICE_ATTR);
CKVM_REQUEST(KVM_ARM_PREFERRED_TARGET);
CKVM_REQUEST(KVM_ARM_VCPU_INIT);
CKVM_REQUEST(KVM_ARM_VCPU_FINALIZE);
CKVM_REQUEST(KVM_GET_REG_LIST);
CKVM_REQUEST(KVM_GET_ONE_REG);
CKVM_REQUEST(KVM_SET_ONE_REG);
#endif

#undef CKVM_REQUEST

/// Where members of `struct kvm_run` stand that Swift can only copy, in bytes.
enum {
  kKVM_RUN_MMIO_DATA = offsetof(struct kvm_run, mmio.data),
#if defined(__x86_64__)
  kKVM_RUN_REGS = offsetof(struct kvm_run, s.regs.regs),
  kKVM_RUN_SREGS = offsetof(struct kvm_run, s.regs.sregs),
#endif
};

#if defined(__aarch64__)
/// Where the core registers stand in `struct kvm_regs`, which Swift does not import for its 128-bit members, in bytes.
enum {
  kKVM_REGS_X0 = offsetof(struct kvm_regs, regs.regs),
  kKVM_REGS_SP = offsetof(struct kvm_regs, regs.sp),
  kKVM_REGS_PC = offsetof(struct kvm_regs, regs.pc),
  kKVM_REGS_PSTATE = offsetof(struct kvm_regs, regs.pstate),
  kKVM_REGS_SP_EL1 = offsetof(struct kvm_regs, sp_el1),
  kKVM_REGS_ELR_EL1 = offsetof(struct kvm_regs, elr_el1),
  kKVM_REGS_SPSR = offsetof(struct kvm_regs, spsr),
  kKVM_REGS_V0 = offsetof(struct kvm_regs, fp_regs.vregs),
  kKVM_REGS_FPSR = offsetof(struct kvm_regs, fp_regs.fpsr),
  kKVM_REGS_FPCR = offsetof(struct kvm_regs, fp_regs.fpcr),
};
#endif

#if defined(__aarch64__)
/// Makes what was stored to memory take effect on CPUs that fetch it as instructions, or read it with their caches off:
/// cleans the data caches to the point of coherency and invalidates instructions (Arm ARM, section B2.4.4).
static inline void ckvm_synchronize_memory(const void *start, unsigned long count) {
  unsigned long cache_type;
  __asm__("mrs %0, ctr_el0" : "=r"(cache_type));
  const unsigned long data_line = 4ul << (cache_type >> 16 & 15), instruction_line = 4ul << (cache_type & 15);
  const unsigned long first = (unsigned long)start, end = first + count;
  for (unsigned long line = first & -data_line; line < end; line += data_line)
    __asm__ volatile("dc cvac, %0" : : "r"(line) : "memory");
  __asm__ volatile("dsb sy" : : : "memory");
  for (unsigned long line = first & -instruction_line; line < end; line += instruction_line)
    __asm__ volatile("ic ivau, %0" : : "r"(line) : "memory");
  __asm__ volatile("dsb sy\n\tisb" : : : "memory");
}
#endif

/// The bits of `KVM_CAP_SET_GUEST_DEBUG2`'s answer and of `kvm_guest_debug.control` that older headers lack.
enum {
  kKVM_CAP_SET_GUEST_DEBUG2 = 195,
#if defined(__x86_64__)
  kKVM_GUESTDBG_BLOCKIRQ = 0x00100000,
#endif
};

#endif
