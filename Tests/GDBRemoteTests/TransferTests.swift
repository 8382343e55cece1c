import Testing

@testable import GDBRemote

/// Documents read in pieces.
@Suite("Transfers")
struct TransferTests {
  /// Reads a document in pieces of `length` bytes.
  private func read(_ object: String, _ client: Client, length: Int) throws -> String {
    var document: [UInt8] = []
    while true {
      let offset = String(document.count, radix: 16)
      let reply = try client.ask(Array("qXfer:\(object):\(offset),\(String(length, radix: 16))".utf8))
      let piece = try Client.unescape(reply.dropFirst())
      #expect(piece.count <= length)
      document += piece
      if reply.first == UInt8(ascii: "l") { return String(decoding: document, as: UTF8.self) }
      try #require(reply.first == UInt8(ascii: "m") && !piece.isEmpty)
    }
  }

  static let description = """
    <?xml version="1.0"?>
    <!DOCTYPE target SYSTEM "gdb-target.dtd">
    <target version="1.0">
      <architecture>i386:x86-64</architecture>
      <osabi>none</osabi>
      <feature name="org.example.core">
        <flags id="example_flags" size="4">
          <field name="IF" start="9" end="9"/>
          <field name="IOPL" start="12" end="13"/>
        </flags>
        <reg name="r0" bitsize="64" type="int64" regnum="0"/>
        <reg name="sp" bitsize="64" type="data_ptr" regnum="1"/>
        <reg name="hidden" bitsize="64" type="int64" regnum="2"/>
        <reg name="pc" bitsize="64" type="code_ptr" regnum="3"/>
        <reg name="flags" bitsize="32" type="example_flags" regnum="4"/>
      </feature>
      <feature name="org.example.vector">
        <vector id="v4f" type="ieee_single" count="4"/>
        <union id="vec">
          <field name="v4_float" type="v4f"/>
          <field name="uint128" type="uint128"/>
        </union>
        <reg name="v&lt;0&gt;" bitsize="128" type="vec" regnum="5" group="vector" save-restore="no"/>
      </feature>
    </target>

    """

  @Test("the target description is the register table", arguments: [1, 7, 100, 0x10_0000])
  func targetDescription(_ length: Int) throws {
    #expect(try read("features:read:target.xml", Client(), length: length) == Self.description)
  }

  @Test("the list of threads is made anew for each reading")
  func threads() throws {
    let client = Client()
    let list = """
      <?xml version="1.0"?>
      <threads>
        <thread id="1">CPU 0 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
        <thread id="2">CPU 1 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
        <thread id="a">CPU 9 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
      </threads>

      """
    for length in [3, 1000] { #expect(try read("threads:read:", client, length: length) == list) }
    client.target.threads = [ThreadID(2)]
    #expect(try read("threads:read:", client, length: 50).contains("CPU 0") == false)
  }

  @Test("the list of libraries, once read, is followed")
  func libraries() throws {
    let client = Client()
    #expect(!client.target.followsLibraries)
    #expect(
      try read("libraries:read:", client, length: 5) == """
        <?xml version="1.0"?>
        <library-list version="1.0">
        </library-list>

        """)
    #expect(client.target.followsLibraries)
    client.target.capabilities.libraries = [
      Library(name: "/./<kernel>", placement: .segments([0x4000_0000, .max])),
      Library(name: "/module", placement: .sections([0xffff_8000_0000_1000])),
    ]
    #expect(
      try read("libraries:read:", client, length: 1000) == """
        <?xml version="1.0"?>
        <library-list version="1.0">
          <library name="/./&lt;kernel&gt;">
            <segment address="0x40000000"/>
            <segment address="0xffffffffffffffff"/>
          </library>
          <library name="/module">
            <section address="0xffff800000001000"/>
          </library>
        </library-list>

        """)
  }

  private static let mapHead = """
    <?xml version="1.0"?>
    <!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" \
    "http://sourceware.org/gdb/gdb-memory-map.dtd">
    <memory-map>

    """

  static let maps: [(regions: [MemoryRegion], lines: String)] = [
    ([], ""),
    (
      [MemoryRegion(.ram, 0...UInt64.max)],
      """
        <memory type="ram" start="0x0" length="0x8000000000000000"/>
        <memory type="ram" start="0x8000000000000000" length="0x8000000000000000"/>

      """
    ),
    (
      [
        MemoryRegion(.rom, 0...0xfff), MemoryRegion(.flash(blockSize: 0x1_0000), 0x1000...0x1000),
        MemoryRegion(.ram, 0x2000 ... .max),
      ],
      """
        <memory type="rom" start="0x0" length="0x1000"/>
        <memory type="flash" start="0x1000" length="0x1">
          <property name="blocksize">0x10000</property>
        </memory>
        <memory type="ram" start="0x2000" length="0xffffffffffffe000"/>

      """
    ),
  ]

  @Test("the memory map reaches to the end of the address space", arguments: maps)
  func memoryMap(_ map: (regions: [MemoryRegion], lines: String)) throws {
    let client = Client()
    client.target.capabilities.regions = map.regions
    #expect(try read("memory-map:read:", client, length: 100) == Self.mapHead + map.lines + "</memory-map>\n")
  }

  @Test("the tables of info os are listed by the one without a name")
  func tables() throws {
    let client = Client()
    client.target.capabilities.tables = [
      "cpus": OSDataTable(columns: ["CPU", "State"], rows: [["0", "halted"], ["1", "<off>"], ["2"]]),
      "exits": .init(columns: [], rows: []),
    ]
    #expect(
      try read("osdata:read:", client, length: 11) == """
        <?xml version="1.0"?>
        <!DOCTYPE target SYSTEM "osdata.dtd">
        <osdata type="types">
          <item>
            <column name="Type">cpus</column>
            <column name="Description">All &lt;cpus&gt;</column>
            <column name="Title">CPUS</column>
          </item>
          <item>
            <column name="Type">exits</column>
            <column name="Description">All &lt;exits&gt;</column>
            <column name="Title">EXITS</column>
          </item>
        </osdata>

        """)
    #expect(
      try read("osdata:read:cpus", client, length: 1000) == """
        <?xml version="1.0"?>
        <!DOCTYPE target SYSTEM "osdata.dtd">
        <osdata type="cpus">
          <item>
            <column name="CPU">0</column>
            <column name="State">halted</column>
          </item>
          <item>
            <column name="CPU">1</column>
            <column name="State">&lt;off&gt;</column>
          </item>
          <item>
            <column name="CPU">2</column>
          </item>
        </osdata>

        """)
  }

  @Test("documents that are read in turns do not mix")
  func turns() throws {
    let client = Client()
    #expect(try client.ask("qXfer:exec-file:read::0,3") == "m/ke")
    #expect(try client.ask("qXfer:features:read:target.xml:0,5") == "m<?xml")
    #expect(try client.ask("qXfer:exec-file:read::3,10") == "lrnel")
    client.target.capabilities.executable = nil
    #expect(try client.ask("qXfer:exec-file:read::0,3") == "E05")
  }

  @Test("at the document's end there is nothing more, past it an error")
  func end() throws {
    let client = Client()
    let end = String(Self.description.utf8.count, radix: 16)
    #expect(try client.ask("qXfer:features:read:target.xml:\(end),10") == "l")
    let past = String(Self.description.utf8.count + 1, radix: 16)
    #expect(try client.ask("qXfer:features:read:target.xml:\(past),10") == "E16")
    #expect(try client.ask("qXfer:features:read:target.xml:0,0") == "m")
  }
}
