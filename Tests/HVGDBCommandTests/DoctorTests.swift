import Architecture
import CPUEngine
import Foundation
import Host
import SystemPackage
import Testing

@testable import HVGDBCommand
@testable import KVMEngine

@Suite("doctor: what it prints")
struct DoctorOutputTests {
  private static let sample = Diagnosis(
    architecture: "x86-64",
    findings: [
      Finding(key: .kvm, outcome: .works, meaning: "never said"),
      Finding(key: .maximumCPUs, outcome: .amount(1024, unit: "")),
      Finding(
        key: .kernelWatchpoints, outcome: .fails("a \"store\"\n\\ was not seen\u{1}"), meaning: "slow",
        contradiction: "hvgdb takes it that they work"),
      Finding(key: .stepSpeed, outcome: .amount(78_000, unit: "steps/s")),
      Finding(key: .psci, outcome: .found("1.1")),
      Finding(key: .userSpeed, outcome: .notTried("no time")),
    ])

  @Test("the table aligns its columns and explains only what fails")
  func table() {
    var diagnosis = Self.sample
    diagnosis.findings[2] = Finding(
      key: .kernelWatchpoints, outcome: .fails("a store was not seen"), meaning: "slow",
      contradiction: "hvgdb takes it that they work")
    #expect(
      diagnosis.table == """
        KVM on this x86-64 host:

          KVM                       yes
          most CPUs of a guest      1,024
          watchpoints, kernel mode  no: a store was not seen
                                    → slow
                                    → the trial says otherwise: hvgdb takes it that they work
          speed of stepping         78,000 steps/s
          PSCI                      1.1
          speed, user mode          not tried: no time

        KVM's guests cannot be debugged on this host.

        """)
  }

  @Test("the JSON is what the table tells, under stable keys")
  func json() throws {
    let root = try object(Self.sample.json)
    #expect(root["architecture"] as? String == "x86-64")
    #expect(root["canDebug"] as? Bool == false)
    let findings = try #require(root["findings"] as? [String: [String: Any]])
    #expect(
      findings.keys.sorted() == ["kernel-watchpoints", "kvm", "maximum-cpus", "psci", "step-speed", "user-speed"])

    #expect(findings["kvm"]?.count == 1 && findings["kvm"]?["works"] as? Bool == true)
    #expect(findings["maximum-cpus"]?.count == 1 && findings["maximum-cpus"]?["amount"] as? Int == 1024)
    #expect(findings["psci"]?.count == 1 && findings["psci"]?["value"] as? String == "1.1")
    let watchpoints = try #require(findings["kernel-watchpoints"])
    #expect(watchpoints["works"] as? Bool == false)
    #expect(watchpoints["reason"] as? String == "a \"store\"\n\\ was not seen\u{1}")
    #expect(watchpoints["meaning"] as? String == "slow")
    #expect(watchpoints["contradiction"] as? String == "hvgdb takes it that they work")
    #expect(
      findings["step-speed"]?["amount"] as? Int == 78_000 && findings["step-speed"]?["unit"] as? String == "steps/s")
    #expect(findings["user-speed"]?["works"] == nil && findings["user-speed"]?["reason"] as? String == "no time")
  }

  @Test("numbers are grouped by three digits")
  func grouping() {
    let expected: [(UInt64, String)] = [
      (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (78_000, "78,000"), (123_456, "123,456"),
      (1_000_000, "1,000,000"), (.max, "18,446,744,073,709,551,615"),
    ]
    for (amount, text) in expected { #expect(Finding.Outcome.amount(amount, unit: "").description == text) }
    #expect(Finding.Outcome.amount(5, unit: "steps/s").description == "5 steps/s")
  }

  @Test("a guest can be debugged where it steps or stops at an address")
  func canDebug() {
    func canDebug(_ findings: [Finding]) -> Bool { Diagnosis(architecture: "x86-64", findings: findings).canDebug }
    #expect(!canDebug([]))
    #expect(!canDebug([Finding(key: .kvm, outcome: .works), Finding(key: .singleStep, outcome: .fails("no stop"))]))
    #expect(canDebug([Finding(key: .singleStep, outcome: .works)]))
    #expect(
      canDebug([
        Finding(key: .singleStep, outcome: .fails("no stop")), Finding(key: .executeBreakpoints, outcome: .works),
      ]))
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }
}

@Suite("doctor: without KVM")
struct DoctorWithoutKVMTests {
  @Test(
    "it says what is wrong",
    arguments: [("/dev/no-kvm-here", "does not exist"), ("/dev/null", "is not KVM")])
  func unusable(path: String, words: String) throws {
    let diagnosis = KVMExamination.diagnosis(path: path)
    #expect(diagnosis.findings.map(\.key) == [.kvm, .softwareCPU])
    guard case .fails(let reason)? = diagnosis[.kvm]?.outcome else {
      Issue.record("\(path) is KVM")
      return
    }
    #expect(reason.contains(path) && reason.contains(words))
    #expect(diagnosis.table.contains(reason))
    #expect(!diagnosis.canDebug)
    guard case .amount(let speed, _)? = diagnosis[.softwareCPU]?.outcome else {
      Issue.record("the software CPU: \(String(describing: diagnosis[.softwareCPU]))")
      return
    }
    #expect(speed > 0)
    #expect(diagnosis.table.hasSuffix("The software CPU runs arm64 guests where KVM does not.\n"))
  }
}

@Suite("doctor: what it finds", .enabled(if: (try? KVMHost()) != nil, "/dev/kvm does not work on this host"))
struct DoctorTrialTests {
  private let host: GuestArchitecture
  private let diagnosis: Diagnosis

  init() throws {
    host = try #require(GuestArchitecture.host)
    HostThread.blockSignals()
    diagnosis = KVMExamination.diagnosis()
  }

  @Test("it looks at everything that the host's architecture has, once each and in the order of the keys")
  func complete() {
    #expect(diagnosis.architecture == "\(host)")
    #expect(diagnosis.findings.map(\.key) == Finding.Key.all(on: host))
  }

  @Test("what the architecture promises works, and every speed is measured")
  func works() {
    let promised: [Finding.Key] =
      switch host {
      case .x86_64: [.synchronizedRegisters]
      case .arm64: [.kernelWatchpoints, .userWatchpoints, .stepsWithoutInterrupts, .undecodedAccesses]
      }
    for key in promised + [
      .kvm, .singleStep, .executeBreakpoints, .softwareBreakpoints, .guestBreakpoints, .exceptions, .interrupts,
    ] {
      #expect(diagnosis[key]?.outcome == .works, "\(key.title)")
    }
    for key in [Finding.Key.kernelSpeed, .userSpeed, .stepSpeed, .softwareCPU] {
      guard case .amount(let amount, _)? = diagnosis[key]?.outcome else {
        Issue.record("\(key.title) was not measured")
        continue
      }
      #expect(amount > 0)
    }
    #expect(diagnosis.canDebug)
  }

  @Test(
    "each arm64 host has a granule, PSCI and so many debug registers", .enabled(if: GuestArchitecture.host == .arm64))
  func arm64() {
    #expect([Finding.Key.granule4K, .granule16K, .granule64K].contains { diagnosis[$0]?.outcome == .works })
    guard case .found(let version)? = diagnosis[.psci]?.outcome else {
      Issue.record("PSCI: \(String(describing: diagnosis[.psci]))")
      return
    }
    #expect(["0.2", "1.0", "1.1", "1.2", "1.3"].contains(version))
    for (key, range) in [
      (Finding.Key.debugRegisters, 2...16), (.watchpointRegisters, 2...16), (.physicalAddresses, 32...52),
      (.listedRegisters, 100...10_000),
    ] as [(Finding.Key, ClosedRange<UInt64>)] {
      guard case .amount(let amount, _)? = diagnosis[key]?.outcome else {
        Issue.record("\(key.title) was not counted")
        continue
      }
      #expect(range.contains(amount), "\(key.title): \(amount)")
    }
  }
}

@Suite("Why KVM cannot be used")
struct KVMRefusalTests {
  @Test("a missing device is explained by what the host's architecture needs", arguments: GuestArchitecture.allCases)
  func missing(host: GuestArchitecture) {
    let sentence = KVMHost.explanation(of: .noSuchFileOrDirectory, "/dev/kvm", on: host).description
    #expect(sentence.hasPrefix("/dev/kvm does not exist: "))
    #expect(sentence.contains("kvm_intel") == (host == .x86_64))
    #expect(sentence.contains("EL2") == (host == .arm64))
    #expect(sentence.contains("nested virtualization"))
  }

  @Test("a host of another architecture is told which ones there are")
  func foreignHost() {
    let sentence = KVMHost.explanation(of: .noSuchFileOrDirectory, "/dev/kvm", on: nil).description
    #expect(sentence.contains("x86-64 and arm64 hosts only"))
  }
}
