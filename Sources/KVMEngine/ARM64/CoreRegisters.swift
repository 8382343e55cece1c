#if arch(arm64)
  /// The registers that a debugger asks for first, as far as they were fetched.
  struct CoreRegisters {
    /// A register of these.
    enum Name: Hashable {
      /// X0 to X30.
      case general(Int)
      case stackPointer0
      case stackPointer1
      case programCounter
      case processState

      var register: OneRegister {
        switch self {
        case .general(let number): .general(number)
        case .stackPointer0: .stackPointer0
        case .stackPointer1: .stackPointer1
        case .programCounter: .programCounter
        case .processState: .processState
        }
      }

      fileprivate var position: Int {
        switch self {
        case .general(let number): number & 31
        case .stackPointer0: 32
        case .stackPointer1: 33
        case .programCounter: 34
        case .processState: 35
        }
      }
    }

    private var values = [UInt64](repeating: 0, count: 36)
    private var known: UInt64 = 0

    /// Forgets all values, as the CPU runs.
    mutating func forget() { known = 0 }

    /// A register's value; nil where it was not fetched.
    subscript(name: Name) -> UInt64? {
      get { known >> UInt64(name.position) & 1 != 0 ? values[name.position] : nil }
      set {
        known &= ~(1 << UInt64(name.position))
        guard let newValue else { return }
        known |= 1 << UInt64(name.position)
        values[name.position] = newValue
      }
    }
  }
#endif
