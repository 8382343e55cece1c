extension DecodeTable { static let loadsAndStores: [InstructionPattern] = [] }
extension DecodeTable { static let atomics: [InstructionPattern] = [] }
extension DecodeTable { static let vectorLoadsAndStores: [InstructionPattern] = [] }
extension DecodeTable { static let advancedSIMD: [InstructionPattern] = [] }
extension DecodeTable { static let cryptography: [InstructionPattern] = [] }
