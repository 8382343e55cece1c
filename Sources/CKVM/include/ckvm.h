/// What Swift cannot import of <linux/kvm.h> by itself: ioctl numbers are function-like macros, and capability numbers
/// past the header's age are missing.
///
/// Each constant is the header's name with a `k` before it, so that a search for `KVM_RUN` finds both.
#ifndef CKVM_H
#define CKVM_H

#include <linux/kvm.h>
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

#undef CKVM_REQUEST

/// The bits of `KVM_CAP_SET_GUEST_DEBUG2`'s answer and of `kvm_guest_debug.control` that older headers lack.
enum {
  kKVM_CAP_SET_GUEST_DEBUG2 = 195,
#if defined(__x86_64__)
  kKVM_GUESTDBG_BLOCKIRQ = 0x00100000,
#endif
};

#endif
