extension DecodeTable { static let advancedSIMD: [InstructionPattern] = [] }
extension DecodeTable { static let floatingPoint: [InstructionPattern] = [] }
extension DecodeTable { static let cryptography: [InstructionPattern] = [] }
