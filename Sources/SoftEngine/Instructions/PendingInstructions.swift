extension DecodeTable { static let vectorLoadsAndStores: [InstructionPattern] = [] }
extension DecodeTable { static let floatingPoint: [InstructionPattern] = [] }
