extension DecodeTable { static let vectorLoadsAndStores: [InstructionPattern] = [] }
