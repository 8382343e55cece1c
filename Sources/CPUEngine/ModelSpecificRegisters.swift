/// A CPU whose model-specific registers can be reached by number, those that no register table names among them.
public protocol ModelSpecificRegisters: AnyObject {
  /// The value of an MSR.
  func readMSR(_ index: UInt32) throws(EngineError) -> UInt64

  /// Sets an MSR.
  func writeMSR(_ index: UInt32, _ value: UInt64) throws(EngineError)
}
