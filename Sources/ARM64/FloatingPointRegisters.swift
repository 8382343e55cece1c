public import Architecture
public import SoftFloat

extension FPCR: ARM64RegisterFields {
  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("FIZ", 0), RegisterField("AH", 1), RegisterField("NEP", 2), RegisterField("IOE", 8),
      RegisterField("DZE", 9), RegisterField("OFE", 10), RegisterField("UFE", 11), RegisterField("IXE", 12),
      RegisterField("EBF", 13), RegisterField("IDE", 15), RegisterField("Len", 16...18), RegisterField("FZ16", 19),
      RegisterField("Stride", 20...21), RegisterField("RMode", 22...23), RegisterField("FZ", 24),
      RegisterField("DN", 25), RegisterField("AHP", 26),
    ]
  }
}

extension FPSR: ARM64RegisterFields {
  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("IOC", 0), RegisterField("DZC", 1), RegisterField("OFC", 2), RegisterField("UFC", 3),
      RegisterField("IXC", 4), RegisterField("IDC", 7), RegisterField("QC", 27), RegisterField("V", 28),
      RegisterField("C", 29), RegisterField("Z", 30), RegisterField("N", 31),
    ]
  }
}
