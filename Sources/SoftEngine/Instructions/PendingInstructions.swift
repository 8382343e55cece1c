extension DecodeTable { static let floatingPoint: [InstructionPattern] = [] }
