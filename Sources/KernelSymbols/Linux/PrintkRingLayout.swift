import Bits

/// Where the members of the log buffer's structures are (Linux, kernel/printk/printk_ringbuffer.h), in bytes.
struct PrintkRingLayout {
  /// All of these structures are shorter.
  static let largest = 256

  /// Members of the ring of descriptors in `struct printk_ringbuffer`.
  let countBits, descriptors, infos, headID, tailID: Int
  /// Members of the ring of text in it.
  let sizeBits, text: Int
  /// Members of `struct prb_desc`, and its size.
  let state, begin, next, descriptorCount: Int
  /// Members of `struct printk_info`, and its size.
  let sequence, time, textCount, facility, caller, infoCount: Int

  /// Takes the kernel's own layout, or the one that all 64-bit kernels with such a ring have had so far.
  ///
  /// - Parameters:
  ///   - types: the kernel's types.
  ///   - ring: its `struct printk_ringbuffer`, which tells the two sizes that there have been of its first part.
  /// - Throws: `LinuxError` where the types do not tell the layout.
  init(_ types: BTF?, ring: [UInt8]) throws(LinuxError) {
    guard let types else {
      self.init(ring: ring)
      return
    }
    do throws(BTFError) {
      try self.init(types)
    } catch {
      throw .noLayout(error)
    }
    guard max(descriptorCount, infoCount) <= Self.largest else { throw .inconsistent("the kernel's BTF") }
  }

  private init(_ types: BTF) throws(BTFError) {
    let ring = "printk_ringbuffer"
    countBits = try types.field("desc_ring.count_bits", of: ring).offset
    descriptors = try types.field("desc_ring.descs", of: ring).offset
    infos = try types.field("desc_ring.infos", of: ring).offset
    headID = try types.field("desc_ring.head_id", of: ring).offset
    tailID = try types.field("desc_ring.tail_id", of: ring).offset
    sizeBits = try types.field("text_data_ring.size_bits", of: ring).offset
    text = try types.field("text_data_ring.data", of: ring).offset
    state = try types.field("state_var", of: "prb_desc").offset
    begin = try types.field("text_blk_lpos.begin", of: "prb_desc").offset
    next = try types.field("text_blk_lpos.next", of: "prb_desc").offset
    descriptorCount = try types.size(of: "prb_desc")
    sequence = try types.field("seq", of: "printk_info").offset
    time = try types.field("ts_nsec", of: "printk_info").offset
    textCount = try types.field("text_len", of: "printk_info").offset
    facility = try types.field("facility", of: "printk_info").offset
    caller = try types.field("caller_id", of: "printk_info").offset
    infoCount = try types.size(of: "printk_info")
  }

  private init(ring: [UInt8]) {
    (countBits, descriptors, infos, headID, tailID) = (0, 8, 16, 24, 32)
    // Linux 5.18 put one more id behind these; without it the pointer to the text is here.
    let hasPointer = ring.littleEndian(at: 48, as: UInt64.self).map { GuestVirtual($0).isInUpperHalf } ?? false
    let hasSize = ring.littleEndian(at: 40, as: UInt64.self).map { (1...31).contains($0) } ?? false
    sizeBits = hasPointer && hasSize ? 40 : 48
    text = sizeBits + 8
    (state, begin, next, descriptorCount) = (0, 8, 16, 24)
    (sequence, time, textCount, facility, caller, infoCount) = (0, 8, 16, 18, 20, 88)
  }
}
